import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// The programs of `Tests/Oracles` in the virtual environment that `make deps-test` makes.
enum Oracle {
    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let python = package.appending(path: ".build/oracles/bin/python").path

    /// Why the oracle cannot be asked; nil when it can. Where CI is set, it must be there, and a test fails without it.
    static let obstacle: String? = {
        let environment = ProcessInfo.processInfo.environment
        if FileManager.default.isExecutableFile(atPath: python) || environment["CI"] != nil { return nil }
        return "the Python packages of Tests/Oracles are not installed: make deps-test"
    }()

    /// Asks all questions at once and answers in their order.
    static func answers(to questions: [[String: JSONValue]]) async throws -> [[String: JSONValue]] {
        let scratch = try ScratchDirectory()
        let encoder = JSONEncoder()
        let lines = try questions.map { try encoder.encode($0) + Data("\n".utf8) }
        try scratch.write(Data(lines.joined()), to: "questions")
        let script = package.appending(path: "Tests/Oracles/oracle.py").path
        let result = try await CommandRun.run([
            "sh", "-c", #"exec "$1" "$2" <"$3""#, "sh", python, script, scratch("questions").string,
        ])
        try #require(result.status == 0, "\(result.errors)")
        let decoder = JSONDecoder()
        let answers = try result.output.split(separator: "\n").map {
            try decoder.decode([String: JSONValue].self, from: Data($0.utf8))
        }
        try #require(answers.count == questions.count)
        return answers
    }
}
