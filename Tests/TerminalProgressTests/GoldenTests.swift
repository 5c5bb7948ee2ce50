import Foundation
import TerminalProgress
import Testing

/// Each mode over the same builds, to the byte. `REPLAY_RECORD=1` writes the files anew.
@Suite struct GoldenTests {
    @Test(arguments: ["plain", "json", "quiet"])
    func `a mode's output is as recorded`(mode: String) throws {
        let mode = try #require(ProgressMode(rawValue: mode))
        for (name, text) in [("good", good(mode)), ("bad", bad(mode))] {
            try compare(text, with: "\(name).\(mode.rawValue)")
        }
    }

    @Test func `a terminal shows a build that runs`() throws {
        let script = RenderedScript(.tty)
        script.playGoodBuild()
        script.refresh(after: 100)
        try compareScreen(of: script.text, with: "running.tty")
    }

    @Test(arguments: [false, true])
    func `a terminal shows a good build`(color: Bool) throws {
        try compareScreen(of: good(.tty, color: color), with: "good.tty")
    }

    @Test func `a terminal shows a bad build`() throws {
        try compareScreen(of: bad(.tty), with: "bad.tty")
    }

    @Test func `colours are used on request only`() {
        #expect(good(.tty, color: true).contains("\u{1B}[34m"))
        #expect(!good(.tty).contains("m\u{1B}") && !good(.tty).contains("\u{1B}[34m"))
    }

    private func good(_ mode: ProgressMode, color: Bool = false) -> String {
        let script = RenderedScript(mode, color: color)
        script.playGoodBuild()
        script.endGoodBuild()
        return script.text
    }

    private func bad(_ mode: ProgressMode) -> String {
        let script = RenderedScript(mode)
        script.playBadBuild()
        return script.text
    }

    private func compareScreen(of text: String, with name: String) throws {
        var terminal = TerminalEmulator()
        terminal.write(text)
        #expect(terminal.violations == [])
        #expect(!terminal.cursorIsHidden)
        try compare(terminal.text, with: name)
    }

    private func compare(_ text: String, with name: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens/\(name)")
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] == "1" { try Data(text.utf8).write(to: file) }
        #expect(try text == String(contentsOf: file, encoding: .utf8), "compare with Goldens/\(name)")
    }
}
