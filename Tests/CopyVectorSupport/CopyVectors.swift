import Basemaps
import BuildContexts
import DockerfileLanguage
import Foundation
import GuestSupervisor
public import RemoteHosts
import ReplayEngine
import ReplayTestSupport
import SystemPackage

@testable import ReplayPlan

/// The cases of COPY, ADD, WORKDIR and `.dockerignore`, from the Dockerfile to files on a machine: parsed, planned with
/// `--buildkit-compat`, packed, sent, and carried out by the scripts of the engine in a directory that stands for `/`.
public struct CopyVectors {
    private let machine: RootedMachine
    private let files: ScratchDirectory
    private let replayer: Replayer
    /// How many plans have been run: each further one is a new attempt.
    private var runs = 0

    /// Runs all cases on a machine and prints how many have passed.
    /// - Parameters:
    ///   - machine: Opens connections as root.
    ///   - root: The directory, on the machine; it is made, and stays.
    ///   - name: What to call the file in the line that is printed.
    /// - Returns: What is wrong, case by case.
    public static func failures(
        on machine: any HostConnector, root: String, name: String = "copy_fs_results"
    ) async throws -> [String] {
        let cases = try CopyVector.all()
        if cases.isEmpty { return [] }
        let machine = try await RootedMachine(machine, root: root)
        let files = try ScratchDirectory("copy-vectors")
        try await VectorContext.write(to: files, below: "context")
        var options = SupervisorOptions(stateDirectory: "/.replay/state")
        options.asRoot = false
        options.connectTimeout = .seconds(60)
        let replayer = try await Replayer.start(machine, options: options, log: files("build.log")) { _ in }
        var vectors = CopyVectors(machine: machine, files: files, replayer: replayer)
        var failures: [String] = []
        for sample in cases {
            guard let problem = await vectors.problem(with: sample) else { continue }
            failures.append("\(sample.name): \(sample.dockerfile.debugDescription): \(problem)")
        }
        try await replayer.finish(remove: true)
        await machine.close()
        VectorFile.report(name, passed: cases.count - failures.count, of: cases.count)
        return failures
    }

    private mutating func problem(with sample: CopyVector) async -> String? {
        let tree: VectorTree
        do {
            tree = try await self.tree(of: sample)
        } catch {
            if case .error = sample.answer { return nil }
            return "\(error) \((error as? ReplayError)?.context ?? [])"
        }
        guard case .tree(let answer) = sample.answer else { return "no error" }
        return tree.difference(from: VectorTree(answer: answer))
    }

    /// Carries out all stages that are needed, one after the other in the same directory, and reads the last one's tree.
    private mutating func tree(of sample: CopyVector) async throws -> VectorTree {
        let ignore = files("ignore/Dockerfile.dockerignore").string
        try? FileManager.default.removeItem(atPath: ignore)
        if let text = sample.dockerignore { try files.write(text, to: "ignore/Dockerfile.dockerignore") }
        let dockerfile = try DockerfileParser.parse(sample.dockerfile)
        let options = PlanOptions(platform: Platform(architecture: "amd64"), buildkitCompat: true)
        let graph = try StageGraph(dockerfile, options: options)
        let linter = try PlanLinter(dockerfile, options: options)
        var dispatcher = StageDispatcher(graph: graph, options: options, linter: linter) { _ throws(PlanError) in
            BaseImage(config: ImageConfig())
        }
        try dispatcher.run()
        var archives: [Int: [UInt8]] = [:]
        for (index, result) in dispatcher.results.sorted(by: { $0.key < $1.key }) {
            if case .stage(let parent) = graph.nodes[index].base, let content = archives[parent] {
                try await machine.restore(content)
            }
            do { try await run(result.operations) } catch {
                try await machine.takeContent()
                throw error
            }
            let content = try await machine.takeContent()
            archives[index] = content
            try files.write(content, to: "stage.tar")
            let folder = files("stage-\(index)").string
            try await shell(
                #"rm -rf "$1" && mkdir "$1" && tar -xpf "$2" -C "$1""#, [folder, files("stage.tar").string])
        }
        return try await VectorTree(at: files("stage-\(graph.target)").string)
    }

    /// Plans a stage's operations and runs them.
    private mutating func run(_ operations: [BuildOperation]) async throws {
        struct NotACopy: Error {}
        runs += 1
        var steps: [Step] = []
        var archives: [any CopyArchiveReading] = []
        for operation in operations {
            let action: StepAction
            switch operation.kind {
            case .run: throw NotACopy()
            case .makeDirectory(let directory): action = .makeDirectory(directory)
            case .copy(let copy):
                let (resolved, archive) = try await resolve(copy, lines: operation.lines)
                if !resolved.sources.isEmpty { archives.append(archive) }
                action = .copy(resolved)
            }
            steps.append(
                Step(
                    number: steps.count + 1, stage: "\(operation.stage)", title: operation.title,
                    lines: LineRange(operation.lines), action: action, digest: "sha256:\(runs)-\(steps.count)"))
        }
        let base = ResolvedBase(
            reference: "scratch", row: "scratch", distribution: "none", release: "0", architecture: "amd64",
            environment: [], sources: [])
        let plan = Plan(base: base, steps: steps, config: ImageConfig(), warnings: [])
        try await replayer.run(plan, archives: ArchiveQueue(archives), attempt: runs)
    }

    /// Finds a copy's files in the context, or in the tree of an earlier stage.
    private func resolve(
        _ copy: CopyOperation, lines: SourceRange
    ) async throws -> (CopyAction, any CopyArchiveReading) {
        var copy = copy
        var stage: Int?
        copy.sources = copy.sources.map { source in
            guard case .tree(var tree) = source, case .stage(let index) = tree.origin else { return source }
            stage = index
            tree.origin = .context
            return .tree(tree)
        }
        let root = stage.map { files("stage-\($0)") } ?? files("context")
        let context = try DirectoryContext(root: root, dockerfile: stage == nil ? files("ignore/Dockerfile") : nil)
        var manifest = try context.scan()
        var resolver = CopyResolver(manifest: manifest)
        _ = try resolver.action(for: copy, lines: lines)
        manifest = try await context.complete(manifest, for: resolver.needs)
        resolver = CopyResolver(manifest: manifest)
        let action = try resolver.action(for: copy, lines: lines)
        guard stage != nil else { return (action, try context.archive(of: action, manifest: manifest)) }
        return (action, try await FinishedArchive.ofStage(action, context, manifest))
    }
}
