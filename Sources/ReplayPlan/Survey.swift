internal import Basemaps
public import DockerfileLanguage

/// What the instructions of a Dockerfile mean, one after the other, as far as that is known without a machine and without
/// the contents of the build context: what checks and explanations look at.
///
/// Unlike a ``Plan``, a survey is always made: what is wrong is in ``errors``, and the instructions after it are surveyed too.
public struct Survey: Sendable {
    /// COPY and ADD, expanded.
    public struct Copy: Sendable, Hashable {
        /// COPY or ADD.
        public var keyword: String
        /// The sources as expanded; heredocs by their names.
        public var sources: [String]
        /// The heredocs among them.
        public var documents: [InlineFile]
        /// The absolute destination; a trailing `/` or `/.` is kept.
        public var destination: String
        /// `--chown`, or nil.
        public var owner: String?
        /// `--chmod`, or nil.
        public var mode: String?
        /// Whether it takes files of a stage or an image.
        public var isFromElsewhere: Bool
    }

    /// What an instruction does on the machine.
    public enum Action: Sendable, Hashable {
        /// Nothing: it changes the configuration only.
        case none
        /// A command is run.
        case run(RunAction)
        /// Files are put there.
        case copy(Copy)
        /// A directory is made.
        case makeDirectory(MakeDirectoryAction)
    }

    /// One instruction.
    public struct Entry: Sendable {
        /// The instruction.
        public var instruction: Instruction
        /// The stage that executes it.
        public var stage: Int
        /// Whether it is an ONBUILD trigger that fires.
        public var isTrigger: Bool
        /// As docker shows it; nil when it does nothing on the machine.
        public var title: String?
        /// What it does on the machine. Of the environment of a RUN only what its text names is here.
        public var action: Action
        /// USER after it; empty for root.
        public var user: String
        /// WORKDIR after it.
        public var workingDirectory: String
        /// CMD, ENTRYPOINT: the argument vector.
        public var arguments: [String]
        /// VOLUME: the paths that are new.
        public var volumes: [String]
        /// ARG: the names for which ENV has another value than the steps see from here on.
        public var shadowedNames: [String]
    }

    /// What is known of an image.
    public struct Image: Sendable {
        /// Its configuration.
        public var config: ImageConfig
        /// Its platform; nil when it is not known.
        public var platform: Platform?

        /// Makes a value.
        public init(config: ImageConfig, platform: Platform?) {
            self.config = config
            self.platform = platform
        }
    }

    /// The instructions of all stages that the target needs, in the order of the stages.
    public private(set) var entries: [Entry] = []
    /// The stages that run on the machine, the one that is built on an image first, the target last.
    public private(set) var chain: [Int] = []
    /// All stages that the target needs.
    public private(set) var needed: [Int] = []
    /// The image that the chain begins with, variables expanded; nil for scratch.
    public private(set) var base: Planner.BaseReference?
    /// The configuration of the result.
    public private(set) var config = ImageConfig()
    /// What the rules of BuildKit found.
    public private(set) var warnings: [PlanWarning] = []
    /// Why there cannot be a plan, in the order of the lines: at most one for an instruction.
    public private(set) var errors: [PlanError] = []
    /// Which rules are on.
    public private(set) var configuration = CheckConfiguration()

    /// Surveys a Dockerfile.
    /// - Parameters:
    ///   - ignoreFile: The ignore file of the context, for what COPY names in vain.
    ///   - image: What is known of an image.
    public init(
        _ dockerfile: Dockerfile, options: PlanOptions, ignoreFile: ContextManifest.IgnoreFile? = nil,
        image: (_ reference: String) -> Image
    ) {
        do throws(PlanError) {
            try survey(dockerfile, options: options, ignoreFile: ignoreFile, image: image)
        } catch {
            errors.append(error)
        }
        errors.sort { ($0.lines.first?.first ?? 0) < ($1.lines.first?.first ?? 0) }
    }

    private mutating func survey(
        _ dockerfile: Dockerfile, options: PlanOptions, ignoreFile: ContextManifest.IgnoreFile?,
        image: (_ reference: String) -> Image
    ) throws(PlanError) {
        var linter = try PlanLinter(dockerfile, options: options)
        configuration = linter.configuration
        warnings = linter.warnings
        let graph = try StageGraph(dockerfile, options: options)
        linter.checkFrom(dockerfile, graph: graph, options: options)
        warnings = linter.warnings
        chain = graph.chain.reversed()
        let bottom = graph.nodes[chain[0]]
        if case .image(let reference) = bottom.base {
            base = Planner.BaseReference(
                reference: reference, platform: bottom.platform, lines: LineRange(bottom.lines))
        } else {
            errors.append(Planner.scratch(bottom))
        }
        let recorder = SurveyRecorder()
        let result = withoutActuallyEscaping(image) { image in
            var dispatcher = StageDispatcher(graph: graph, options: options, linter: linter) { reference in
                let known = image(reference)
                return BaseImage(config: known.config, platform: known.platform)
            }
            dispatcher.observer = recorder
            do throws(PlanError) { try dispatcher.run() } catch { dispatcher.observer?.errors.append(error) }
            return (dispatcher.results, dispatcher.linter, dispatcher.observer)
        }
        linter = result.1
        needed = result.0.keys.sorted()
        config = result.0[graph.target]?.state.config ?? ImageConfig()
        entries = result.2?.entries ?? []
        errors += result.2?.errors ?? []
        let broken = Set(errors.compactMap(\.lines.first?.first))
        let manifest = ContextManifest(items: [], ignoreFile: ignoreFile)
        for index in needed {
            for operation in result.0[index]?.operations ?? [] {
                linter.checkIgnored(operation, manifest: manifest)
                guard chain.contains(index), !broken.contains(operation.lines.first) else { continue }
                do throws(PlanError) { try operation.requireOneMachine() } catch { errors.append(error) }
            }
        }
        warnings = linter.warnings
        do throws(PlanError) { try linter.checkSeverity() } catch { errors.append(error) }
    }
}

/// Notes what the dispatcher does.
struct SurveyRecorder: Sendable {
    private(set) var entries: [Survey.Entry] = []
    var errors: [PlanError] = []
    private var before = StageState(config: ImageConfig())
    private var operationCount = 0

    mutating func begin(_ state: StageState, _ operationCount: Int) {
        before = state
        self.operationCount = operationCount
    }

    mutating func end(
        _ instruction: Instruction, stage: Int, isTrigger: Bool, _ state: StageState, _ operations: [BuildOperation]
    ) {
        let operation = operations.count > operationCount ? operations[operationCount] : nil
        let action: Survey.Action =
            switch operation?.kind {
            case .run(let run): .run(Self.action(run, state))
            case .copy(let copy): .copy(Survey.Copy(copy))
            case .makeDirectory(let directory): .makeDirectory(directory)
            case nil: .none
            }
        var entry = Survey.Entry(
            instruction: instruction, stage: stage, isTrigger: isTrigger, title: operation?.title, action: action,
            user: state.config.user, workingDirectory: state.config.workingDirectory, arguments: [], volumes: [],
            shadowedNames: [])
        switch instruction {
        case .cmd: entry.arguments = state.config.command ?? []
        case .entrypoint: entry.arguments = state.config.entrypoint ?? []
        case .volume:
            let known = Set(before.config.volumes)
            entry.volumes = state.config.volumes.filter { !known.contains($0) }
        case .arg(let arg):
            entry.shadowedNames = arg.arguments.map(\.name).filter { name in
                guard let kept = before.config.environment.last(where: { $0.name == name })?.value else { return false }
                return state.environment[name] != kept
            }
        default: break
        }
        entries.append(entry)
        // What is not held any longer is not copied when it changes.
        before = StageState(config: ImageConfig())
    }

    /// A copy of the whole environment for every RUN would be more than there is memory.
    private static func action(_ run: RunOperation, _ state: StageState) -> RunAction {
        var action = RunAction(run)
        let texts = run.arguments + run.scripts.map(\.content)
        let names = texts.reduce(into: Set<String>()) { $0.formUnion(Self.names(in: $1)) }
        action.environment = names.sorted().compactMap { name in
            state.environment[name].map { EnvironmentVariable(name, $0) }
        }
        return action
    }

    /// The names after `$` and `${`.
    private static func names(in text: String) -> Set<String> {
        var names: Set<String> = []
        for piece in text.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).dropFirst() {
            let start = piece.first == UInt8(ascii: "{") ? piece.dropFirst() : piece
            let name = start.prefix { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
            if !name.isEmpty, let text = String(name) { names.insert(text) }
        }
        return names
    }
}

extension Survey.Copy {
    init(_ copy: CopyOperation) {
        var sources: [String] = []
        var documents: [InlineFile] = []
        var isFromElsewhere = false
        for source in copy.sources {
            switch source {
            case .tree(let tree):
                sources.append(tree.text)
                switch tree.origin {
                case .context, .named: break
                case .stage, .image: isFromElsewhere = true
                }
            case .download(let download, _): sources.append(RemoteSource.withoutPassword(download.url))
            case .repository(_, let text): sources.append(RemoteSource.withoutPassword(text))
            case .inline(let file):
                sources.append("<<\(file.name)")
                documents.append(file)
            }
        }
        self.init(
            keyword: copy.keyword, sources: sources, documents: documents, destination: copy.destination,
            owner: copy.owner, mode: copy.mode, isFromElsewhere: isFromElsewhere)
    }
}
