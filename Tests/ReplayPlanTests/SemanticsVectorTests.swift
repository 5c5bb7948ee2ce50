import DockerfileLanguage
import Foundation
import Testing

@testable import ReplayPlan

/// What BuildKit's front end makes of a Dockerfile: the configuration and the operations of the build graph.
@Suite struct SemanticsVectorTests {
    /// What the language does not do yet; the rows are not counted.
    static func reasonToSkip(_ row: VectorFile.Row) -> String? {
        let text = row.input["text"]?.string ?? ""
        if text.contains("check=") { return "lint directives" }
        return nil
    }

    static func options(_ row: VectorFile.Row) -> PlanOptions {
        let platform = row.input["platform"]?.string.flatMap { Platform($0, host: amd64) } ?? amd64
        return PlanOptions(
            buildArguments: (row.input["build_args"]?.object ?? [:]).compactMapValues(\.string),
            target: row.input["target"]?.string, platform: platform, buildPlatform: amd64, buildkitCompat: true)
    }

    /// The general dispatch: no machine, no restriction.
    static func dispatch(
        _ row: VectorFile.Row
    ) throws -> (graph: StageGraph, operations: [BuildOperation], config: ImageConfig) {
        let options = options(row)
        let dockerfile = try DockerfileParser.parse(row.input["text"]?.string ?? "")
        let graph = try StageGraph(dockerfile, options: options)
        let base = VectorOutline.base(row)
        var dispatcher = StageDispatcher(graph: graph, options: options) { _ throws(PlanError) in base }
        try dispatcher.run()
        let results = graph.nodes.indices.compactMap { dispatcher.results[$0] }
        return (graph, results.flatMap(\.operations), dispatcher.results[graph.target]?.state.config ?? ImageConfig())
    }

    @Test func configurationAndOperationsAreBuildKits() throws {
        let file = try VectorFile("semantics_handmade", skip: Self.reasonToSkip)
        let failures = file.failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test func errorsAreOnBuildKitsLines() throws {
        let file = try VectorFile("errors_handmade", skip: Self.reasonToSkip)
        let failures = file.failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    static func difference(_ row: VectorFile.Row) -> String? {
        let name = "\(row.input["name"]?.string ?? ""): \((row.input["text"]?.string ?? "").debugDescription)"
        var lines: [LineRange]
        do {
            let (_, operations, config) = try dispatch(row)
            if let error = row.output["error"]?.string { return "\(name): no error, but \(error)" }
            let expected = VectorOutline.operations(row)
            let answer = VectorOutline.operations(operations)
            guard answer == expected else {
                return
                    "\(name): operations\n  \(answer.joined(separator: "\n  "))\nnot\n  \(expected.joined(separator: "\n  "))"
            }
            let wanted = VectorOutline.config(row.output["config"]?.object ?? [:])
            let own = VectorOutline.config(config)
            return own == wanted ? nil : "\(name): configuration \(own), not \(wanted)"
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

    /// Rows that need more than one machine and the context end with an error that says so and where.
    @Test func whatAMachineCannotDoIsRefusedWithItsLine() throws {
        let file = try VectorFile("semantics_handmade", skip: Self.reasonToSkip)
        var reasons: [String: Int] = [:]
        for row in file.rows where row.output["error"] == nil {
            let name = row.input["name"]?.string ?? ""
            guard let (graph, operations, config) = try? Self.dispatch(row) else { continue }
            let planner: Planner
            do {
                planner = try Planner(
                    try DockerfileParser.parse(row.input["text"]?.string ?? ""), options: Self.options(row))
                let manifest = Self.manifest(for: operations)
                let architecture = Self.options(row).platform.architecture
                let plan = try planner.plan(
                    base: base(planner.baseReference.reference, architecture: architecture), manifest: manifest)
                // The stub base of the vectors has a command, and some rows another base altogether.
                guard row.input["base"] == nil else { continue }
                #expect(plan.steps.count == operations.count, "\(name)")
                #expect(plan.config.environment == config.environment, "\(name)")
                #expect(plan.config.workingDirectory == config.workingDirectory, "\(name)")
            } catch let error as PlanError {
                // A heredoc named like a path is accepted by BuildKit's front end and fails when it is built.
                #expect(error.code == (name == "copy heredoc path" ? .argument : .unsupported), "\(name): \(error)")
                #expect(!error.lines.isEmpty, "\(name): \(error)")
                reasons[String(error.message.prefix { $0 != ":" && $0 != "." }), default: 0] += 1
            }
            _ = graph
        }
        for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) {
            print("not on a machine: \(count) × \(reason)")
        }
        #expect(reasons.count >= 7)
    }

    /// A context that has every path that the operations name; a pattern's directory is there, its matches are not.
    private static func manifest(for operations: [BuildOperation]) -> ContextManifest {
        var entries: [String: ContextDescription.Entry] = [:]
        for operation in operations {
            guard case .copy(let copy) = operation.kind else { continue }
            for case .tree(let tree) in copy.sources {
                let path = String((tree.required ?? tree.path).dropFirst())
                guard !path.isEmpty, !FilePattern.hasWildcards(path) else { continue }
                entries[path] = ContextDescription.Entry(file: path)
            }
        }
        return ContextDescription(entries: entries).manifest
    }
}
