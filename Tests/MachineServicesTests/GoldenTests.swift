import Basemaps
import DockerfileLanguage
import Foundation
import MachineServices
import ReplayPlan
import Testing

/// What the machine gets for a Dockerfile.
func machineSetup(
    _ dockerfile: String, policy: ServicePolicy = .enable, commandIsReplayed: Bool = true
) throws -> MachineSetup {
    let base = ResolvedBase(
        reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
        environment: [EnvironmentVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")],
        sources: [])
    let platform = Platform(architecture: "amd64")
    let planner = try Planner(
        try DockerfileParser.parse(dockerfile), options: PlanOptions(platform: platform, buildPlatform: platform))
    let plan = try planner.plan(base: base, manifest: ContextManifest())
    return try MachineSetup(
        name: "team/web", config: plan.config, steps: plan.steps, policy: policy, commandIsReplayed: commandIsReplayed)
}

/// Each folder of `Fixtures` is a case: a `Dockerfile`, and in `machine.txt` what the machine gets. The three programs, which
/// are the same everywhere, are named only. `REPLAY_RECORD=1` writes `machine.txt` anew.
@Suite struct GoldenTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }()

    @Test(arguments: cases) func theMachineGetsWhatItShould(_ name: String) throws {
        let folder = Self.fixtures.appending(path: name)
        let setup = try machineSetup(String(contentsOf: folder.appending(path: "Dockerfile"), encoding: .utf8))
        let text = Self.description(of: setup)
        let golden = folder.appending(path: "machine.txt")
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] == "1" {
            try Data(text.utf8).write(to: golden)
            return
        }
        #expect(try text == String(contentsOf: golden, encoding: .utf8))
    }

    private static func description(of setup: MachineSetup) -> String {
        var lines = setup.notices.map { "notice: \($0)" } + setup.directories.map { "directory: \($0)" }
        if let displacing = setup.script.split(separator: "\n").first(where: { $0.hasPrefix("setup_displace '") }) {
            lines.append("\(displacing)")
        }
        for file in setup.files where file.path != "/etc/replay/config.json" {
            lines.append("\n==> \(file.path) \(file.mode)")
            if !file.content.hasPrefix("#!") { lines.append(file.content) }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
