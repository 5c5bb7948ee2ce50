import DockerfileLanguage
import Foundation
import ReplayPlan
import Testing

/// Each folder of `Fixtures` is a case: `Dockerfile`, perhaps `context.json` and `args.json`, and `plan.json`: the plan,
/// or the error. `REPLAY_RECORD=1` writes `plan.json` anew.
@Suite struct GoldenTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }()

    struct Arguments: Codable {
        var buildArguments: [String: String]?
        var target: String?
        var platform: String?
        var buildkitCompat: Bool?

        var options: PlanOptions {
            let platform = platform.flatMap { Platform($0, host: amd64) } ?? amd64
            return PlanOptions(
                buildArguments: buildArguments ?? [:], target: target, platform: platform, buildPlatform: amd64,
                buildkitCompat: buildkitCompat ?? false)
        }
    }

    struct Outcome: Codable, Equatable {
        struct Failure: Codable, Equatable {
            var code: String
            var message: String
            var lines: [LineRange]
            var highlight: String?
        }

        var plan: Plan?
        var error: Failure?
    }

    @Test(arguments: cases) func thePlanIsTheGoldenOne(_ name: String) throws {
        let folder = Self.fixtures.appending(path: name)
        let context: ContextDescription? = try Self.read("context.json", in: folder)
        let arguments: Arguments? = try Self.read("args.json", in: folder)
        let text = try Data(contentsOf: folder.appending(path: "Dockerfile"))
        var outcome = Outcome()
        do {
            outcome.plan = try plan(
                String(decoding: text, as: UTF8.self), options: (arguments ?? Arguments()).options,
                manifest: context?.manifest ?? ContextManifest())
        } catch let error as PlanError {
            outcome.error = Outcome.Failure(
                code: error.code.rawValue, message: error.message, lines: error.lines, highlight: error.highlight)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let result = try encoder.encode(outcome) + Data("\n".utf8)
        let golden = folder.appending(path: "plan.json")
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] == "1" {
            try result.write(to: golden)
            return
        }
        let expected = try Data(contentsOf: golden)
        #expect(String(decoding: result, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
        #expect(try JSONDecoder().decode(Outcome.self, from: expected) == outcome)
    }

    private static func read<Value: Decodable>(_ name: String, in folder: URL) throws -> Value? {
        let file = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
    }
}
