import Foundation
import ReplayEvents
import ReplayTestSupport
import SystemCalls
import TerminalProgress
import Testing

/// Another terminal than our own says what a guest's output does to it.
@Suite(.enabled(if: Oracle.obstacle == nil, "\(Oracle.obstacle ?? "")"), .timeLimit(.minutes(10)))
struct HostileOutputTests {
    /// All that we tell a terminal beside text: lines and tabs, and on a screen how it is drawn over.
    private static let lines: Set = ["carriage_return", "linefeed", "tab"]
    private static let drawing: Set = ["reset_mode 25", "set_mode 25", "erase_in_display 0"]
    private static let columns = 72
    private static let rows = 30

    @Test(
        "Whatever a guest writes, a terminal is told nothing but our own drawing, and shows what came before and after",
        arguments: [
            (ProgressMode.tty, false), (.tty, true), (.plain, false), (.plain, true), (.json, false), (.quiet, false),
        ])
    func sequences(mode: ProgressMode, byteByByte: Bool) async throws {
        var numbers = SeededNumbers()
        let random = HostileSequences.random(SeededNumbers.isSoak ? 5000 : 60, using: &numbers)
        let all = HostileSequences.all + random.map { ("random bytes \($0), seed \(numbers.seed)", $0) }
        let answers = try await Oracle.answers(
            of: "terminal.py",
            to: all.map {
                [
                    "bytes": .string(Data(screen(mode, of: $0.bytes, byteByByte)).base64EncodedString()),
                    "columns": .number(Double(Self.columns)), "rows": .number(1000),
                ]
            })
        for (row, answer) in zip(all, answers) {
            let calls = Set(answer["calls"]?.strings ?? []).filter { mode != .tty || !$0.hasPrefix("cursor_up ") }
            let allowed = mode == .tty ? Self.lines.union(Self.drawing) : Self.lines
            #expect(calls.isSubset(of: allowed), "\(row.name): \(calls)")
            #expect(answer["drawn"] == .bool(true), "\(row.name)")
            #expect(answer["isPlain"] == .bool(true), "\(row.name)")
            #expect(answer["title"] == .string("") && answer["icon"] == .string(""), "\(row.name)")
            guard mode == .tty || mode == .plain else { continue }
            let screen = answer["screen"]?.strings.joined() ?? ""
            #expect(screen.contains("line before") && screen.contains("line after"), "\(row.name): \(screen)")
        }
    }

    /// What is written while a step prints the bytes and fails, with the bytes wherever a guest's words can come to stand.
    private func screen(_ mode: ProgressMode, of bytes: [UInt8], _ byteByByte: Bool) -> [UInt8] {
        let script = RenderedScript(mode)
        script.resize(columns: Self.columns, rows: Self.rows)
        let text = String(decoding: bytes, as: UTF8.self)
        script.after(0, .buildStarted(name: "x", steps: 1))
        script.after(0, .taskStarted("step-1", label: "RUN \(text)"))
        let output = Array("line before\n".utf8) + bytes + Array("\nline after\n".utf8)
        for piece in byteByByte ? output.map({ [$0] }) : [output] { script.after(1, .taskOutput("step-1", piece)) }
        script.refresh(after: 200)
        script.after(0, .taskNote("step-1", text))
        script.after(0, .notice(text))
        script.after(0, .taskFinished("step-1", .failed(text)))
        script.after(0, .buildFailed(message: text))
        script.finish()
        return script.bytes
    }
}
