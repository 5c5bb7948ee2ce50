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
    /// What is known of an image.
    let image: (_ reference: String) throws(PlanError) -> BaseImage

    private(set) var results: [Int: Result] = [:]
    /// The stage that is being dispatched.
    var stage = 0
    var state = StageState(config: ImageConfig())
    var operations: [BuildOperation] = []
    /// The instruction that is being dispatched.
    private(set) var instruction: Instruction?
    /// What was found odd.
    var linter: PlanLinter
    /// What each instruction found and left, when somebody asked for it.
    var observer: SurveyRecorder?
    /// How many bytes expansion may still add.
    private var remainingGrowth = Self.maximumGrowth

    /// How many bytes expansion may still handle.
    private var remainingEffort = 1 << 30

    /// By how many bytes all words together may grow: values that double at each ENV, and are then used often.
    static let maximumGrowth = 64 << 20

    init(
        graph: StageGraph, options: PlanOptions, linter: PlanLinter,
        image: @escaping (_ reference: String) throws(PlanError) -> BaseImage
    ) {
        self.graph = graph
        self.options = options
        self.linter = linter
        self.image = image
    }

    /// Dispatches everything that the target needs.
    mutating func run() throws(PlanError) {
        let triggers = try OnBuildTriggers.resolve(graph: graph, image: image)
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

    private mutating func initialState(of node: StageGraph.Node) throws(PlanError) -> StageState {
        switch node.base {
        case .scratch: return StageState(config: ImageConfig())
        case .stage(let parent):
            // A parent stands above and is reachable whenever its child is.
            return results[parent].map { StageState(parent: $0.state) } ?? StageState(config: ImageConfig())
        case .image(let name):
            let base: BaseImage
            do { base = try image(name) } catch { throw error.located(at: node.lines) }
            checkPlatform(of: base, named: name, for: node)
            var config = base.config
            config.onBuild = []
            return StageState(config: config)
        }
    }

    private mutating func dispatch(
        _ instruction: Instruction, origin: CopyOrigin?, isTrigger: Bool
    ) throws(PlanError) {
        self.instruction = instruction
        observer?.begin(state, operations.count)
        do {
            switch instruction {
            case .run(let run): try dispatch(run, isTrigger: isTrigger)
            case .copy(let copy): try dispatch(copy, origin: origin ?? .context, isTrigger: isTrigger)
            case .add(let add): try dispatch(add, isTrigger: isTrigger)
            case .workdir(let workdir): try dispatch(workdir, isTrigger: isTrigger)
            default: try configure(instruction)
            }
        } catch {
            let error = error.located(at: instruction.lines)
            guard observer != nil else { throw error }
            observer?.errors.append(error)
        }
        observer?.end(instruction, stage: stage, isTrigger: isTrigger, state, operations)
    }

    /// Expands a word with the stage's environment.
    mutating func expand(_ word: String) throws(PlanError) -> String {
        try expand(word, with: graph.expander)
    }

    /// Expands a word with the stage's environment and other rules than the file's.
    mutating func expand(_ word: String, with expander: WordExpander) throws(PlanError) -> String {
        let environment = state.environment
        let expanded: ExpandedWord
        do {
            var effort = 0
            expanded = try expander.expand(word, effort: &effort) { environment[$0] }
            remainingEffort -= effort
        } catch {
            throw PlanError(error, at: nil)
        }
        reportUndefined(expanded.unmatched)
        try noteGrowth(from: word, to: [expanded.text])
        return expanded.text
    }

    /// Splits a word and expands the parts. As in BuildKit, names that are not set are not reported.
    mutating func words(_ text: String) throws(PlanError) -> [String] {
        let words: [String]
        do {
            words = try graph.expander.words(text) { state.environment[$0] }
        } catch {
            throw PlanError(error, at: nil)
        }
        try noteGrowth(from: text, to: words)
        return words
    }

    private mutating func noteGrowth(from word: String, to words: [String]) throws(PlanError) {
        remainingGrowth -= max(0, words.reduce(0) { $0 + $1.utf8.count } - word.utf8.count)
        guard remainingGrowth >= 0, remainingEffort >= 0 else {
            throw PlanError(
                .dockerfile,
                "The variables of this Dockerfile expand to more than \(Self.maximumGrowth >> 20) MiB: that is too much."
            )
        }
    }

    /// Appends an operation of the current stage.
    mutating func append(_ kind: BuildOperation.Kind, title: String, syntax: InstructionSyntax, isTrigger: Bool) {
        let title = (isTrigger ? "ONBUILD " : "") + title
        operations.append(BuildOperation(kind: kind, stage: stage, title: title, syntax: syntax))
    }

    /// An instruction as docker shows it: its name in upper case, variables expanded where that is possible.
    func title(_ syntax: InstructionSyntax, with expander: WordExpander? = nil) -> String {
        let expanded = try? (expander ?? graph.expander).expand(syntax.text) { state.environment[$0] }
        let text = expanded?.text ?? syntax.text
        guard let blank = text.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return text.uppercased() }
        return text[..<blank].uppercased() + text[blank...]
    }
}
