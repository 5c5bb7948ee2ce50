import Foundation
import SystemPackage

/// The programs of `Tests/Oracles` in the virtual environment that `make deps-test` makes.
public enum Oracle {
    /// An oracle that did not answer as it should.
    public struct Failure: Error {
        /// What it said.
        public var text: String
    }

    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let python = package.appending(path: ".build/oracles/bin/python").path

    /// Why the oracles cannot be asked; nil when they can. Where CI is set, they must be there, and a test fails without them.
    public static let obstacle: String? = {
        let environment = ProcessInfo.processInfo.environment
        if FileManager.default.isExecutableFile(atPath: python) || environment["CI"] != nil { return nil }
        return "the Python packages of Tests/Oracles are not installed: make deps-test"
    }()

    /// Asks a program all questions at once and answers in their order.
    /// - Parameter program: Its name in `Tests/Oracles`.
    public static func answers(
        of program: String, to questions: [[String: JSONValue]]
    ) async throws -> [[String: JSONValue]] {
        let scratch = try ScratchDirectory()
        let encoder = JSONEncoder()
        let lines = try questions.map { try encoder.encode($0) + Data("\n".utf8) }
        try scratch.write(Data(lines.joined()), to: "questions")
        let script = package.appending(path: "Tests/Oracles/\(program)").path
        let result = try await CommandRun.run([
            "sh", "-c", #"exec "$1" "$2" <"$3""#, "sh", python, script, scratch("questions").string,
        ])
        guard result.status == 0 else { throw Failure(text: result.errors) }
        let decoder = JSONDecoder()
        let answers = try result.output.split(separator: "\n").map {
            try decoder.decode([String: JSONValue].self, from: Data($0.utf8))
        }
        guard answers.count == questions.count else {
            throw Failure(text: "\(answers.count) answers to \(questions.count) questions")
        }
        return answers
    }
}
