internal import Basemaps
internal import DockerfileLanguage

/// Executes the instructions of the reachable stages in thought, in the order of the file, as BuildKit's
/// `dockerfile2llb` does: out come operations and configurations.
struct StageDispatcher {
    /// What became of a stage.
    struct Result: Sendable {
        var operations: [BuildOperation]
        var state: StageState
    }

    let graph: StageGraph
    let options: PlanOptions
    /// The configuration of an image.
    let imageConfig: (_ reference: String) throws(PlanError) -> ImageConfig

    private(set) var results: [Int: Result] = [:]
    /// The stage that is being dispatched.
    var stage = 0
    var state = StageState(config: ImageConfig())
    var operations: [BuildOperation] = []

    init(
        graph: StageGraph, options: PlanOptions,
        imageConfig: @escaping (_ reference: String) throws(PlanError) -> ImageConfig
    ) {
        self.graph = graph
        self.options = options
        self.imageConfig = imageConfig
    }

    /// Dispatches everything that the target needs.
    mutating func run() throws(PlanError) {
        let triggers = try OnBuildTriggers.resolve(graph: graph, imageConfig: imageConfig)
        for index in triggers.reachable {
            stage = index
            operations = []
            state = try initialState(of: graph.nodes[index])
            for instruction in triggers.instructions[index] ?? [] {
                try dispatch(instruction, origin: try graph.origin(of: instruction), isTrigger: true)
            }
            for (place, instruction) in graph.nodes[index].stage.instructions.enumerated() {
                try dispatch(instruction, origin: graph.nodes[index].origins[place], isTrigger: false)
            }
            results[index] = Result(operations: operations, state: state)
        }
    }

    private func initialState(of node: StageGraph.Node) throws(PlanError) -> StageState {
        switch node.base {
        case .scratch: return StageState(config: ImageConfig())
        case .stage(let parent):
            // A parent stands above and is reachable whenever its child is.
            return results[parent].map { StageState(parent: $0.state) } ?? StageState(config: ImageConfig())
        case .image(let name):
            var config: ImageConfig
            do { config = try imageConfig(name) } catch { throw error.located(at: node.lines) }
            config.onBuild = []
            return StageState(config: config)
        }
    }

    private mutating func dispatch(
        _ instruction: Instruction, origin: CopyOrigin?, isTrigger: Bool
    ) throws(PlanError) {
        do {
            switch instruction {
            case .run(let run): try dispatch(run, isTrigger: isTrigger)
            case .copy(let copy): try dispatch(copy, origin: origin ?? .context, isTrigger: isTrigger)
            case .add(let add): try dispatch(add, isTrigger: isTrigger)
            case .workdir(let workdir): try dispatch(workdir, isTrigger: isTrigger)
            default: try configure(instruction)
            }
        } catch {
            throw error.located(at: instruction.lines)
        }
    }

    /// Expands a word with the stage's environment.
    func expand(_ word: String) throws(PlanError) -> String {
        try expand(word, with: graph.expander)
    }

    /// Expands a word with the stage's environment and other rules than the file's.
    func expand(_ word: String, with expander: WordExpander) throws(PlanError) -> String {
        do {
            return try expander.expand(word) { state.environment[$0] }.text
        } catch {
            throw PlanError(error, at: nil)
        }
    }

    /// Appends an operation of the current stage.
    mutating func append(_ kind: BuildOperation.Kind, title: String, syntax: InstructionSyntax, isTrigger: Bool) {
        let title = (isTrigger ? "ONBUILD " : "") + title
        operations.append(BuildOperation(kind: kind, stage: stage, title: title, lines: syntax.lines))
    }

    /// An instruction as docker shows it: its name in upper case, variables expanded where that is possible.
    func title(_ syntax: InstructionSyntax, with expander: WordExpander? = nil) -> String {
        let text = (try? expand(syntax.text, with: expander ?? graph.expander)) ?? syntax.text
        guard let blank = text.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return text.uppercased() }
        return text[..<blank].uppercased() + text[blank...]
    }
}
