import Foundation
import SystemPackage

/// Holds requests against the type tables of pyvmomi: see `Tests/Oracles/soap.py`.
public enum SOAPChecker {
    /// Python with the packages of `Tests/Oracles`.
    public static let python = PackagePlaces.root + "/.build/oracles/bin/python"

    /// Why requests cannot be checked; nil when they can. Where CI is set, a test fails instead.
    public static let obstacle: String? = {
        if FileManager.default.isExecutableFile(atPath: python) || ProcessInfo.processInfo.environment["CI"] != nil {
            return nil
        }
        return "the Python packages of Tests/Oracles are not installed: make deps-test"
    }()

    /// What is wrong with each request, in order.
    public static func problems(in requests: [VCenterSimulator.Request]) async throws -> [[String]] {
        let scratch = try ScratchDirectory("soap")
        let encoder = JSONEncoder()
        let lines = try requests.map { request in
            try encoder.encode(["body": request.body, "action": request.action]) + Data("\n".utf8)
        }
        try scratch.write(Data(lines.joined()), to: "requests")
        let result = try await CommandRun.run([
            "sh", "-c", #"exec "$1" "$2" <"$3""#, "sh", python, PackagePlaces.root + "/Tests/Oracles/soap.py",
            scratch("requests").string,
        ])
        guard result.status == 0 else { throw VCenterProblem("soap.py: \(result.errors)") }
        let answers = try result.output.split(separator: "\n").map { line in
            try JSONDecoder().decode([String].self, from: Data(line.utf8))
        }
        guard answers.count == requests.count else { throw VCenterProblem("soap.py left requests out") }
        return answers
    }

    /// What is wrong with the requests of a server, each problem once with how often it is there.
    public static func problems(of server: VCenterSimulator) async throws -> [String] {
        var counts: [String: Int] = [:]
        for problem in try await problems(in: server.requests()).joined() { counts[problem, default: 0] += 1 }
        return counts.map { "\($0.value) × \($0.key)" }.sorted()
    }
}
