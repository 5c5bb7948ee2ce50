public import Basemaps
public import DockerfileLanguage

/// What the instructions of a Dockerfile mean, one after the other, as far as that is known without a machine and without
/// the contents of the build context: what checks and explanations look at.
///
/// Unlike a ``Plan``, a survey is always made: what is wrong is in ``errors``, and the instructions after it are surveyed too.
public struct Survey: Sendable {
    /// What an instruction sees, and what is there after it.
    public struct Scope: Sendable {
        /// USER as expanded; empty for root.
        public var user: String
        /// WORKDIR.
        public var workingDirectory: String
        /// The vector in front of shell forms.
        public var shell: [String]
        /// What RUN and expansion see: ENV and ARG.
        public var environment: [EnvironmentVariable]
        /// The configuration so far.
        public var config: ImageConfig

        /// The value of a variable; nil when it is not set.
        public func value(of name: String) -> String? { environment.last { $0.name == name }?.value }
    }

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
        /// What it does on the machine.
        public var action: Action
        /// What it sees.
        public var before: Scope
        /// What is there after it.
        public var after: Scope
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
            case .run(let run): .run(RunAction(run))
            case .copy(let copy): .copy(Survey.Copy(copy))
            case .makeDirectory(let directory): .makeDirectory(directory)
            case nil: .none
            }
        entries.append(
            Survey.Entry(
                instruction: instruction, stage: stage, isTrigger: isTrigger, title: operation?.title, action: action,
                before: Survey.Scope(before), after: Survey.Scope(state)))
    }
}

extension Survey.Scope {
    init(_ state: StageState) {
        self.init(
            user: state.config.user, workingDirectory: state.config.workingDirectory, shell: state.shell,
            environment: state.environment.variables, config: state.config)
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
