import ReplayEvents
import SystemCalls
import TerminalProgress
import Testing

@Suite struct ScreenTests {
    @Test func `at most ten drawings a second, however many events`() {
        let script = RenderedScript(.tty)
        script.after(0, .taskStarted("step-1", label: "RUN x"))
        for number in 0..<1000 { script.after(1, .taskOutput("step-1", Array("line \(number)\n".utf8))) }
        #expect((10...11).contains(script.writes.count))
        script.refresh(after: 100)
        var terminal = TerminalEmulator()
        terminal.write(script.text)
        #expect(terminal.text.contains("# line 999"))
        #expect(!terminal.text.contains("# line 993\n"))
    }

    @Test func `a screen that is too low shows what runs`() {
        let script = RenderedScript(.tty)
        script.resize(columns: 40, rows: 8)
        script.after(0, .buildStarted(name: "x", steps: 30))
        for number in 1...20 {
            script.after(100, .taskStarted(.step(number), label: "[\(number)/30] RUN x"))
            script.after(0, .taskFinished(.step(number), .done))
        }
        script.after(0, .taskStarted(.step(21), label: "[21/30] RUN y"))
        script.after(0, .taskOutput(.step(21), Array("1\n2\n3\n4\n5\n6\n7\n".utf8)))
        script.refresh(after: 200)
        var terminal = TerminalEmulator(columns: 40, rows: 8)
        terminal.write(script.text)
        #expect(terminal.violations == [])
        #expect(terminal.lines.count <= 8, "what was drawn over is not on the screen a second time")
        #expect(terminal.text.contains("[21/30] RUN y"))
        #expect(terminal.text.contains("# 7"))
        script.finish()
        terminal = TerminalEmulator(columns: 40, rows: 8)
        terminal.write(script.text)
        for number in 1...21 { #expect(terminal.text.contains("[\(number)/30]"), "all is there in the end") }
    }

    @Test(arguments: [1, 2, 3, 10, 20])
    func `any window is enough`(size: Int) {
        let script = RenderedScript(.tty)
        script.resize(columns: size, rows: size)
        script.playGoodBuild()
        script.refresh(after: 100)
        var terminal = TerminalEmulator(columns: size, rows: size)
        terminal.write(String(script.text.split(separator: "emulated.\n")[1]))
        #expect(terminal.violations == [])
    }

    @Test func `wide characters keep the times in line`() {
        let script = RenderedScript(.tty)
        script.after(0, .taskStarted("step-1", label: "RUN echo " + String(repeating: "日本語", count: 20)))
        var terminal = TerminalEmulator()
        terminal.write(script.text)
        #expect(terminal.violations == [])
        #expect(terminal.lines[1].suffix(4).joined() == "0.0s")
        #expect(terminal.lines[1].count == 60)
    }

    @Test func `a window that becomes narrower shows the list once`() {
        let script = RenderedScript(.tty)
        script.after(0, .taskStarted("step-1", label: "RUN x"))
        script.after(100, .taskStarted("step-2", label: "RUN y"))
        var terminal = TerminalEmulator(columns: 60)
        terminal.write(script.text)
        let before = script.writes.count
        script.resize(columns: 25, rows: 20)
        terminal.narrow(to: 25)
        script.refresh(after: 200)
        terminal.write(script.writes[before...].map { String(decoding: $0, as: UTF8.self) }.joined())
        #expect(terminal.violations == [])
        #expect(terminal.text.split(separator: "RUN x").count == 2)
        #expect(terminal.text.split(separator: "[+]").count == 1)
    }

    @Test func `nothing that happened is nothing to show`() {
        for mode in ProgressMode.allCases {
            let script = RenderedScript(mode)
            script.refresh(after: 200)
            script.finish()
            if mode != .tty { #expect(script.bytes.isEmpty) }
            #expect(!script.text.contains("Building"))
        }
    }

    @Test(arguments: ProgressMode.allCases)
    func `a guest's bytes reach no terminal as they are`(mode: ProgressMode) {
        let evil = "\u{1B}[31m\u{1B}]0;pwned\u{07}\u{9B}2J\u{08}\u{7F}"
        let script = RenderedScript(mode)
        script.after(0, .buildStarted(name: evil, steps: 1))
        script.after(0, .taskStarted("step-1", label: "RUN \(evil)"))
        script.after(100, .taskNote("step-1", evil))
        script.after(100, .taskOutput("step-1", Array("\(evil)x\n\(evil)".utf8)))
        script.after(100, .warning(evil))
        script.after(100, .notice(evil))
        script.after(100, .taskFinished("step-1", .failed(evil)))
        script.after(100, .buildFinished(template: evil, identifier: evil))
        script.after(100, .buildFailed(message: evil))
        script.finish()
        var terminal = TerminalEmulator()
        terminal.write(script.text)
        // JSON lines are long; that is no fault.
        #expect(terminal.violations.filter { !$0.hasPrefix("a line of more") } == [])
        #expect(!script.text.contains("\u{1B}[31m") && !script.text.contains("pwned\u{07}"))
    }

    @Test func `after the end nothing is written`() {
        let script = RenderedScript(.plain)
        script.finish()
        script.after(0, .notice("late"))
        script.finish()
        #expect(script.bytes.isEmpty)
    }

    @Test(arguments: [ProgressMode.tty, .plain, .json, .quiet])
    func `much output takes little time`(mode: ProgressMode) {
        let chunk = Array(
            String(repeating: "Get:1 http://deb.debian.org/debian bookworm/main amd64 x\n", count: 500).utf8)
        let renderer = ProgressRenderer(mode) { _ in }
        renderer.handle(.taskStarted("step-1", label: "RUN x"))
        let time = ContinuousClock().measure {
            for _ in 0..<100 { renderer.handle(.taskOutput("step-1", chunk)) }
        }
        renderer.finish()
        // 2.8 MB, unoptimised: a hundred times what a release build takes.
        #expect(time < .seconds(10))
    }
}
