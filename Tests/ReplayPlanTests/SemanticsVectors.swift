import DockerfileLanguage
import ReplayTestSupport
import Testing

@testable import ReplayPlan

/// What BuildKit's front end makes of a Dockerfile: the configuration, the operations of the build graph, the warnings.
@Suite struct SemanticsVectors {
    static func options(_ row: VectorFile.Row) -> PlanOptions {
        let platform = row.input["platform"]?.string.flatMap { Platform($0, host: amd64) } ?? amd64
        return PlanOptions(
            buildArguments: (row.input["build_args"]?.object ?? [:]).compactMapValues(\.string),
            target: row.input["target"]?.string, platform: platform, buildPlatform: amd64, buildkitCompat: true)
    }

    /// The general dispatch: no machine, no restriction.
    static func dispatch(
        _ row: VectorFile.Row
    ) throws -> (operations: [BuildOperation], config: ImageConfig, warnings: [PlanWarning]) {
        let options = options(row)
        let dockerfile = try DockerfileParser.parse(row.input["text"]?.string ?? "")
        var linter = try PlanLinter(dockerfile, options: options)
        let graph = try StageGraph(dockerfile, options: options)
        linter.checkFrom(dockerfile, graph: graph, options: options)
        let base = VectorOutline.base(row)
        var dispatcher = StageDispatcher(graph: graph, options: options, linter: linter) { _ throws(PlanError) in base }
        try dispatcher.run()
        try dispatcher.linter.checkSeverity()
        let results = graph.nodes.indices.compactMap { dispatcher.results[$0] }
        return (
            results.flatMap(\.operations), dispatcher.results[graph.target]?.state.config ?? ImageConfig(),
            dispatcher.linter.warnings
        )
    }

    @Test func configurationOperationsAndWarningsAreBuildKits() throws {
        let file = try VectorFile("semantics_handmade")
        let failures = file.failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test func errorsAreOnBuildKitsLines() throws {
        let file = try VectorFile("errors_handmade")
        let failures = file.failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    static func difference(_ row: VectorFile.Row) -> String? {
        let name = "\(row.input["name"]?.string ?? ""): \((row.input["text"]?.string ?? "").debugDescription)"
        var lines: [LineRange]
        do {
            let (operations, config, warnings) = try dispatch(row)
            if let error = row.output["error"]?.string { return "\(name): no error, but \(error)" }
            let expected = VectorOutline.operations(row)
            let answer = VectorOutline.operations(operations)
            guard answer == expected else {
                return
                    "\(name): operations\n  \(answer.joined(separator: "\n  "))\nnot\n  \(expected.joined(separator: "\n  "))"
            }
            let wanted = VectorOutline.config(row.output["config"]?.object ?? [:])
            let own = VectorOutline.config(config)
            guard own == wanted else { return "\(name): configuration \(own), not \(wanted)" }
            let found = VectorOutline.warnings(warnings)
            let theirs = VectorOutline.warnings(row)
            return found == theirs ? nil : "\(name): warnings \(found), not \(theirs)"
        } catch let error as PlanError {
            guard row.output["error"] != nil else { return "\(name): \(error)" }
            lines = error.lines
        } catch let error as DockerfileError {
            guard row.output["error"] != nil else { return "\(name): \(error)" }
            lines = error.ranges.map { LineRange(first: $0.first, last: $0.last) }
        } catch {
            return "\(name): \(error)"
        }
        // Where BuildKit names no line, ours may.
        guard let locations = row.output["locations"]?.array, !locations.isEmpty else { return nil }
        let expected = Set(locations.compactMap { $0.array?.compactMap(\.int) })
        lines.removeAll { $0.first == 0 }
        let answer = Set(lines.map { [$0.first, $0.last] })
        return answer == expected ? nil : "\(name): an error at \(answer), not at \(expected)"
    }
}
