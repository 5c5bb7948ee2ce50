import DockerfileChecks
import Explanations
import Foundation
import MachineServices
import ReplayTestSupport
import Testing

/// Each folder of `Fixtures` is a Dockerfile with what `check` finds in it (`check.txt`) and how it is explained
/// (`explain.txt`). `REPLAY_RECORD=1` writes both anew.
@Suite struct GoldenTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test func thereAreEnough() { #expect(Self.cases.count >= 25) }

    @Test(arguments: cases) func theAnswersAreTheGoldenOnes(_ name: String) throws {
        let folder = Self.fixtures.appending(path: name)
        let checked = checker.check(Array(try Data(contentsOf: folder.appending(path: "Dockerfile"))))
        var report = CheckReport()
        report.files = [("Dockerfile", checked)]
        let explanation = Explainer.explain(checked, path: "Dockerfile", name: "app", policy: .enable)
        try compare(report.text(as: .text, version: "1"), with: folder.appending(path: "check.txt"))
        try compare(explanation?.text ?? "cannot be explained\n", with: folder.appending(path: "explain.txt"))
        if let explanation {
            let decoded = try JSONDecoder().decode(Explanation.self, from: JSONEncoder().encode(explanation))
            #expect(decoded == explanation)
            #expect(explanation.lines.flatMap(\.findings).count == checked.findings.count)
        }
    }

    private func compare(_ text: String, with golden: URL) throws {
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] == "1" {
            try Data(text.utf8).write(to: golden)
            return
        }
        #expect(try text == String(contentsOf: golden, encoding: .utf8))
    }
}
