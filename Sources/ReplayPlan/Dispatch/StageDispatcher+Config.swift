internal import Basemaps
internal import DockerfileLanguage

extension StageDispatcher {
    /// The instructions that change only the configuration and the environment.
    mutating func configure(_ instruction: Instruction) throws(PlanError) {
        switch instruction {
        case .arg(let arg): try configure(arg)
        case .env(let env): try configure(env)
        case .label(let label):
            // As for ENV, every word sees the environment before the instruction.
            for pair in label.pairs { state.config.labels[try expand(pair.name)] = try expand(pair.value) }
        case .user(let user): state.config.user = try expand(user.user)
        case .shell(let shell): state.config.shell = shell.arguments
        case .cmd(let cmd):
            state.config.command = cmd.command.arguments(shell: state.shell)
            state.config.commandIsShellForm = cmd.command.isShellForm
            state.hasCommand = true
        case .entrypoint(let entrypoint):
            state.config.entrypoint = entrypoint.command.arguments(shell: state.shell)
            state.config.entrypointIsShellForm = entrypoint.command.isShellForm
            if !state.hasCommand {
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
            var value = options.buildArguments[argument.name]
            if value == nil, let text = argument.defaultValue { value = try expand(text) }
            if value == nil { value = graph.globals[argument.name] }
            state.declaredArguments.insert(argument.name)
            guard let value, !Self.builderArguments.contains(argument.name) else { continue }
            state.environment.set(argument.name, value)
        }
    }

    /// Arguments that are for the builder and never reach a command.
    private static let builderArguments: Set = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]

    private mutating func configure(_ instruction: EnvInstruction) throws(PlanError) {
        var pairs: [(String, String)] = []
        for pair in instruction.pairs { pairs.append((try expand(pair.name), try expand(pair.value))) }
        for (name, value) in pairs {
            state.environment.set(name, value)
            state.config.environment.replace(name, value)
        }
    }

    private mutating func configure(_ instruction: HealthcheckInstruction) {
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
        for text in instruction.ports {
            do {
                words += try graph.expander.words(text) { state.environment[$0] }
            } catch {
                throw PlanError(error, at: nil)
            }
        }
        var ports = Set(state.config.exposedPorts)
        for word in words { ports.formUnion(try PortSpecification.ports(word)) }
        state.config.exposedPorts = ports.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension CommandLine {
    /// Whether it is text for the shell.
    var isShellForm: Bool {
        if case .shell = self { true } else { false }
    }
}
