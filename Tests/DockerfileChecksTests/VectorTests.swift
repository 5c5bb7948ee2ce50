import Basemaps
import DockerfileChecks
import DockerfileLanguage
import ReplayPlan
import ReplayTestSupport
import Testing

/// What a real BuildKit warns about, `check` finds, at the same lines.
@Suite struct VectorTests {
    @Test func theWarningsAreBuildKits() throws {
        let file = try VectorFile("semantics_handmade")
        let failures = file.failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    private static func difference(_ row: VectorFile.Row) -> String? {
        guard row.output["error"] == nil else { return nil }
        let text = row.input["text"]?.string ?? ""
        guard let file = try? DockerfileParser.parse(text) else { return "\(text.debugDescription) cannot be parsed" }
        let platform = row.input["platform"]?.string.flatMap { Platform($0, host: amd64) } ?? amd64
        let options = PlanOptions(
            buildArguments: (row.input["build_args"]?.object ?? [:]).compactMapValues(\.string),
            target: row.input["target"]?.string, platform: platform, buildPlatform: amd64, buildkitCompat: true)
        let image = image(row)
        let survey = Survey(file, options: options) { _ in image }
        let checker = DockerfileChecker(options: options) { _ in .known(debian) }
        let found = checker.check(file, survey).findings
            .filter { Rule.named($0.rule)?.origin == .buildKit && $0.rule != "ForeignFrontend" }
            .map { "\($0.rule) \([$0.firstLine, $0.lastLine].compactMap { $0 })" }.sorted()
        let expected = (row.output["warnings"]?.array?.compactMap(\.object) ?? []).map { warning in
            "\(warning["rule"]?.string ?? "") \(warning["lines"]?.array?.compactMap(\.int) ?? [])"
        }.sorted()
        return found == expected ? nil : "\(text.debugDescription): \(found), not \(expected)"
    }

    /// The base image of a row.
    private static func image(_ row: VectorFile.Row) -> Survey.Image {
        let image = row.input["base"]?.object
        let platform = Platform(
            system: image?["os"]?.string ?? "linux", architecture: image?["architecture"]?.string ?? "amd64",
            variant: image?["variant"]?.string ?? "")
        var config = ImageConfig(environment: debian.environment)
        if let given = image?["config"]?.object {
            config.environment = (given["Env"]?.strings ?? []).map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return EnvironmentVariable(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
            config.command = given["Cmd"]?.strings
            config.entrypoint = given["Entrypoint"]?.strings
            config.user = given["User"]?.string ?? ""
            config.workingDirectory = given["WorkingDir"]?.string ?? ""
            config.shell = given["Shell"]?.strings
            config.onBuild = given["OnBuild"]?.strings ?? []
        }
        return Survey.Image(config: config, platform: platform)
    }
}
