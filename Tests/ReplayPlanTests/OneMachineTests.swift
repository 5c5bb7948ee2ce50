import DockerfileLanguage
import ReplayTestSupport
import Testing

@testable import ReplayPlan

/// What a Dockerfile may say and one machine cannot do.
@Suite struct OneMachineTests {
    /// Rows that need more than one machine and the context end with an error that says so and where.
    @Test func whatAMachineCannotDoIsRefusedWithItsLine() throws {
        let file = try VectorFile("semantics_handmade", in: VectorFile.ownDirectory)
        var reasons: [String: Int] = [:]
        for row in file.rows where row.output["error"] == nil {
            let name = row.input["name"]?.string ?? ""
            guard let (operations, config, _) = try? SemanticsVectors.dispatch(row) else { continue }
            let planner: Planner
            do {
                planner = try Planner(
                    try DockerfileParser.parse(row.input["text"]?.string ?? ""), options: SemanticsVectors.options(row))
                let manifest = Self.manifest(for: operations)
                let architecture = SemanticsVectors.options(row).platform.architecture
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
        }
        for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) {
            print("not on a machine: \(count) × \(reason)")
        }
        #expect(reasons.count >= 5)
    }

    /// A context that has every path that the operations name; a pattern's directory is there, its matches are not.
    private static func manifest(for operations: [BuildOperation]) -> ContextManifest {
        var entries: [String: ContextDescription.Entry] = [:]
        var fetched: [String: [String: ContextDescription.Entry]] = [:]
        for operation in operations {
            guard case .copy(let copy) = operation.kind else { continue }
            for source in copy.sources {
                switch source {
                case .inline: continue
                case .tree(let tree):
                    let path = String((tree.required ?? tree.path).dropFirst())
                    guard !path.isEmpty, !FilePattern.hasWildcards(path) else { continue }
                    entries[path] = ContextDescription.Entry(file: path)
                case .download(let download, _):
                    let remote = RemoteSource(
                        .download(download), text: download.url, lines: LineRange(operation.lines))
                    fetched[remote.identifier] = [download.name: ContextDescription.Entry(file: "")]
                case .repository(let repository, let text):
                    let remote = RemoteSource(.repository(repository), text: text, lines: LineRange(operation.lines))
                    fetched[remote.identifier] = [:]
                }
            }
        }
        return ContextDescription(entries: entries, fetched: fetched).manifest
    }
}
