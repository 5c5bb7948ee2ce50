internal import Basemaps
internal import DockerfileLanguage

extension StageDispatcher {
    /// The instructions that change only the configuration and the environment.
    mutating func configure(_ instruction: Instruction) throws(PlanError) {
        switch instruction {
        case .arg(let arg): try configure(arg)
        case .env(let env): try configure(env)
        case .label(let label):
            for pair in try expand(label.pairs) { state.config.labels[pair.name] = pair.value }
            check(label.pairs.map { ($0.name, $0.isLegacyForm) }, of: "LABEL", label.syntax)
        case .user(let user): state.config.user = try expand(user.user)
        case .shell(let shell): state.config.shell = shell.arguments
        case .cmd(let cmd):
            noteUse(of: "CMD", cmd.syntax)
            checkForm(of: "CMD", cmd.command, cmd.syntax)
            state.config.command = cmd.command.arguments(shell: state.shell)
            state.config.commandIsShellForm = cmd.command.isShellForm
        case .entrypoint(let entrypoint):
            noteUse(of: "ENTRYPOINT", entrypoint.syntax)
            checkForm(of: "ENTRYPOINT", entrypoint.command, entrypoint.syntax)
            state.config.entrypoint = entrypoint.command.arguments(shell: state.shell)
            state.config.entrypointIsShellForm = entrypoint.command.isShellForm
            if state.lastUses["CMD"] == nil {
                state.config.command = nil
                state.config.commandIsShellForm = false
            }
        case .healthcheck(let healthcheck): configure(healthcheck)
        case .stopSignal(let stop):
            let signal = try expand(stop.signal)
            guard StopSignal.isValid(signal) else {
                throw PlanError(
                    .argument, "\(signal) is no signal: it should be like SIGTERM, QUIT, RTMIN+3 or 15.",
                    highlight: stop.signal)
            }
            state.config.stopSignal = signal
        case .expose(let expose): try configure(expose)
        case .volume(let volume):
            for path in volume.paths {
                let expanded = try expand(path)
                guard !expanded.isEmpty else {
                    throw PlanError(.argument, "VOLUME \(path) is empty.", highlight: path)
                }
                if !state.config.volumes.contains(expanded) { state.config.volumes.append(expanded) }
            }
            state.config.volumes.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        case .onbuild(let onbuild): state.config.onBuild.append(onbuild.trigger)
        case .maintainer(let maintainer): state.config.author = maintainer.name
        case .run, .copy, .add, .workdir, .from: break
        }
    }

    /// ARG: the user's value, else the default, else the global argument's value, else nothing changes.
    private mutating func configure(_ instruction: ArgInstruction) throws(PlanError) {
        for argument in instruction.arguments {
            checkSecret(argument.name, of: "ARG", instruction.syntax)
            var value = options.buildArguments[argument.name]
            if value == nil, let text = argument.defaultValue { value = try expand(text) }
            if value == nil { value = graph.globals[argument.name] }
            state.declaredArguments.insert(argument.name)
            guard let value, !Self.builderArguments.contains(argument.name) else { continue }
            state.environment.set(argument.name, value)
        }
    }

    /// Arguments that are for the builder and never reach a command.
    static let builderArguments: Set = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]

    private mutating func configure(_ instruction: EnvInstruction) throws(PlanError) {
        let pairs = try expand(instruction.pairs)
        let forms = zip(pairs, instruction.pairs).map { ($0.name, $1.isLegacyForm) }
        check(forms, of: "ENV", instruction.syntax)
        for pair in pairs {
            state.environment.set(pair.name, pair.value)
            state.config.environment.replace(pair.name, pair.value)
        }
    }

    /// Every word sees the environment before the instruction.
    private mutating func expand(
        _ pairs: [NameAndValue]
    ) throws(PlanError) -> [(name: String, value: String)] {
        var expanded: [(name: String, value: String)] = []
        for pair in pairs { expanded.append((try expand(pair.name), try expand(pair.value))) }
        return expanded
    }

    private mutating func configure(_ instruction: HealthcheckInstruction) {
        noteUse(of: "HEALTHCHECK", instruction.syntax)
        var test = ["NONE"]
        switch instruction.command {
        case nil: break
        case .shell(let text): test = ["CMD-SHELL", text]
        case .exec(let arguments): test = ["CMD"] + arguments
        }
        state.config.healthcheck = Healthcheck(
            test: test, interval: instruction.interval, timeout: instruction.timeout,
            startPeriod: instruction.startPeriod, startInterval: instruction.startInterval,
            retries: instruction.retries)
    }

    private mutating func configure(_ instruction: ExposeInstruction) throws(PlanError) {
        var words: [String] = []
        for text in instruction.ports { words += try self.words(text) }
        var ports = Set(state.config.exposedPorts)
        for word in words {
            checkPort(word, instruction.syntax)
            ports.formUnion(try PortSpecification.ports(word))
        }
        state.config.exposedPorts = ports.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension CommandLine {
    /// Whether it is text for the shell.
    var isShellForm: Bool {
        if case .shell = self { true } else { false }
    }
}
