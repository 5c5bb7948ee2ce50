public import Basemaps
public import DockerfileLanguage

/// Makes a ``Plan`` of a Dockerfile. It touches nothing: all that it knows of the world comes in as values.
///
/// The use is in steps, because each later answer needs the one before:
///
/// ```swift
/// let planner = try Planner(dockerfile, options: options)
/// let base = resolve(planner.baseReference)                          // the command: a basemap
/// let needs = try planner.contextNeeds(base: base, manifest: manifest)
/// manifest = try await context.complete(manifest, for: needs)        // the command: digests, archives
/// let plan = try planner.plan(base: base, manifest: manifest)
/// ```
public struct Planner: Sendable {
    /// The image at the bottom of the target's chain of FROMs.
    public struct BaseReference: Sendable, Hashable {
        /// The reference, variables expanded: `debian:bookworm`.
        public var reference: String
        /// `--platform` of its FROM; nil when there is none.
        public var platform: Platform?
        /// The lines of its FROM.
        public var lines: LineRange
    }

    /// The image that the machine must be made of.
    public let baseReference: BaseReference
    let graph: StageGraph
    let options: PlanOptions
    private let linter: PlanLinter

    /// Reads the stages: expands the FROM lines, finds the target, and checks that everything that the target needs can
    /// be done on one machine.
    /// - Throws: ``PlanError``.
    public init(_ dockerfile: Dockerfile, options: PlanOptions) throws(PlanError) {
        self.options = options
        var linter = try PlanLinter(dockerfile, options: options)
        graph = try StageGraph(dockerfile, options: options)
        linter.checkFrom(dockerfile, graph: graph, options: options)
        self.linter = linter
        let bottom = graph.nodes[graph.chain[graph.chain.count - 1]]
        guard case .image(let reference) = bottom.base else { throw Self.scratch(bottom) }
        baseReference = BaseReference(
            reference: reference, platform: bottom.platform, lines: LineRange(bottom.lines))
        try graph.requireOneMachine()
    }

    static func scratch(_ node: StageGraph.Node) -> PlanError {
        PlanError(
            .unsupported,
            "FROM scratch has nothing that a machine could boot. Build on an image of a distribution instead.",
            lines: [LineRange(node.lines)], highlight: "scratch")
    }

    /// What must be found out about the contents of the context's files before a plan can be made.
    /// - Throws: ``PlanError``: everything that ``plan(base:manifest:)`` throws, but for an incomplete manifest.
    public func contextNeeds(base: ResolvedBase, manifest: ContextManifest) throws(PlanError) -> ContextNeeds {
        var resolver = CopyResolver(manifest: manifest)
        for operation in try dispatch(base).operations {
            guard case .copy(let copy) = operation.kind else { continue }
            _ = try resolver.action(for: copy, lines: operation.lines)
        }
        return resolver.needs
    }

    /// The plan.
    /// - Parameters:
    ///   - base: What ``baseReference`` was resolved to.
    ///   - manifest: The context, completed with what ``contextNeeds(base:manifest:)`` asked for.
    /// - Throws: ``PlanError``.
    public func plan(base: ResolvedBase, manifest: ContextManifest) throws(PlanError) -> Plan {
        var (operations, state, linter) = try dispatch(base)
        for operation in operations { linter.checkIgnored(operation, manifest: manifest) }
        try linter.checkSeverity()
        var resolver = CopyResolver(manifest: manifest)
        var steps: [Step] = []
        var parent = StepDigest.base(base)
        for operation in operations {
            let action: StepAction
            switch operation.kind {
            case .run(let run): action = .run(RunAction(run))
            case .makeDirectory(let directory): action = .makeDirectory(directory)
            case .copy(let copy):
                action = .copy(try resolver.action(for: copy, lines: operation.lines))
                guard resolver.needs.isEmpty else {
                    throw PlanError(.incompleteManifest, "The manifest of the build context was not completed.")
                }
            }
            let restarts = operation.restartsMachine
            parent = try StepDigest.step(action, restarts: restarts, after: parent, manifest: manifest)
            var step = Step(
                number: steps.count + 1, stage: graph.nodes[operation.stage].title, title: operation.title,
                lines: LineRange(operation.lines), action: action, digest: parent)
            step.restartsMachine = restarts
            step.timeout = operation.syntax.timeout
            steps.append(step)
        }
        return Plan(
            base: base, steps: steps, config: state.config, warnings: linter.warnings + resolver.warnings)
    }

    /// All operations on the machine in order, the last stage's state, and what was found odd.
    private func dispatch(
        _ base: ResolvedBase
    ) throws(PlanError) -> (operations: [BuildOperation], state: StageState, linter: PlanLinter) {
        try checkPlatform(of: base)
        let environment = base.environment
        var dispatcher = StageDispatcher(graph: graph, options: options, linter: linter) { _ throws(PlanError) in
            BaseImage(config: ImageConfig(environment: environment))
        }
        try dispatcher.run()
        let results = graph.chain.reversed().compactMap { dispatcher.results[$0] }
        let operations = results.flatMap(\.operations)
        for operation in operations { try operation.requireOneMachine() }
        return (operations, results.last?.state ?? StageState(config: ImageConfig()), dispatcher.linter)
    }

    /// A machine has one architecture: what a FROM of the chain asks for must be the base's.
    private func checkPlatform(of base: ResolvedBase) throws(PlanError) {
        for index in graph.chain.reversed() {
            let node = graph.nodes[index]
            let wanted = node.platform
            guard let wanted, wanted.system != "linux" || wanted.architecture != base.architecture else { continue }
            throw PlanError(
                .platform,
                "FROM asks for the platform \(wanted), but the machine is linux/\(base.architecture).",
                lines: [LineRange(node.lines)], highlight: node.stage.platform)
        }
    }
}
