import BuildContexts
import DockerfileLanguage
import Foundation
import ReplayEngine
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

@Suite("COPY and ADD on the guest", .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(3)))
struct CopyTests {
    /// Rows that do not apply: what another stage holds; where replay is stricter than BuildKit (the manual asks for the
    /// slash); where BuildKit fails by accident, on a dangling link that is only in the way.
    static let notHere: Set<String> = ["from stage symlink", "exclude from parent"]
    static let stricter: Set<String> = ["multi to noslash"]

    @Test("BuildKit's own results come out, or its errors")
    func vectors() async throws {
        try await ScratchDirectory.with { files in
            try await VectorContext.write(to: files)
            try await withReplayer { replayer, events, scratch in
                for (index, row) in try CopyVector.all().enumerated() where !Self.notHere.contains(row.name) {
                    let root = scratch("root-\(index)").string
                    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
                    let ignore = files(".dockerignore").string
                    try? FileManager.default.removeItem(atPath: ignore)
                    if let text = row.dockerignore { try files.write(text, to: ".dockerignore") }
                    let outcome = await result {
                        let context = try DirectoryContext(root: files.path, dockerfile: nil)
                        let (plan, manifest) = try await plan(row, context: context, root: root)
                        try await replayer.run(
                            plan, archives: ContextArchives(context, manifest: manifest), attempt: index + 1)
                    }
                    try? FileManager.default.removeItem(atPath: ignore)
                    try await compare(row, outcome, root: root, events: events)
                }
            }
        }
    }

    private func compare(_ row: CopyVector, _ outcome: Result<Void, any Error>, root: String, events: Events)
        async throws
    {
        guard case .tree(let expected) = row.answer, !Self.stricter.contains(row.name) else {
            #expect(throws: (any Error).self, "\(row.name)") { try outcome.get() }
            return
        }
        let context = (outcome.error as? ReplayError)?.context ?? []
        guard outcome.error == nil else {
            Issue.record("\(row.name): \(outcome.error.map { "\($0)" } ?? "") \(context)")
            return
        }
        let actual = try await tree(at: root)
        let wanted = expected.mapValues(normalized)
        for path in Set(actual.keys).union(wanted.keys).sorted() where !path.hasSuffix("dockerignore") {
            #expect(normalized(actual[path] ?? "nothing") == wanted[path] ?? "nothing", "\(row.name): \(path)")
        }
    }

    /// Directory times are left out; archive members' times are not compared; archives as content are only their type.
    private func normalized(_ text: String) -> String {
        let fields = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 4, fields[0] != "d" else { return fields.prefix(3).joined(separator: " ") }
        var rest = fields[3].replacing(" @tar", with: "")
        if rest.utf8.contains(where: { $0 < 9 || $0 > 0x7E }) || rest.contains("t/  ") || rest.contains("p/q")
            || rest.hasPrefix("BZh")
        {
            rest = "binary"
        }
        if fields[0] == "h" { rest = String(rest.split(separator: "/").last ?? "") }
        return (fields.prefix(3) + [rest.trimmingCharacters(in: .whitespacesAndNewlines)]).joined(separator: " ")
    }

    /// Plans a row, with every path of it below a root.
    private func plan(
        _ row: CopyVector, context: DirectoryContext, root: String
    ) async throws -> (Plan, ContextManifest) {
        let text = row.dockerfile.replacing("FROM scratch", with: "FROM debian")
        let options = PlanOptions(platform: Platform(architecture: "amd64"))
        let planner = try Planner(try DockerfileParser.parse(text), options: options)
        var manifest = try context.scan()
        let base = ReplayEngineTests.plan([]).base
        let needs = try planner.contextNeeds(base: base, manifest: manifest)
        if !needs.isEmpty { manifest = try await context.complete(manifest, for: needs) }
        var plan = try planner.plan(base: base, manifest: manifest)
        for index in plan.steps.indices {
            switch plan.steps[index].action {
            case .copy(var action):
                action.destination = root + action.destination
                plan.steps[index].action = .copy(action)
            case .makeDirectory(var action):
                action.path = root + action.path
                plan.steps[index].action = .makeDirectory(action)
            case .run: break
            }
        }
        return (plan, manifest)
    }

    private func result(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension Result {
    var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
