internal import DockerfileLanguage

// What this version can do on one live machine, apart from what a Dockerfile means. Each restriction names its line.

extension StageGraph {
    /// Everything that is needed for the target must be its own chain of FROMs.
    func requireOneMachine() throws(PlanError) {
        for index in chain.reversed() {
            for (place, instruction) in nodes[index].stage.instructions.enumerated() {
                guard let origin = nodes[index].origins[place], case .copy(let copy) = instruction else { continue }
                if case .named = origin { continue }
                throw unsupported(origin, copy)
            }
        }
    }

    private func unsupported(_ origin: CopyOrigin, _ copy: CopyInstruction) -> PlanError {
        let from = copy.from ?? ""
        let what =
            switch origin {
            case .stage: "the stage \(from)"
            case .image: "the image \(from)"
            case .context, .named: "another place"
            }
        return PlanError(
            .unsupported, "COPY --from is not supported yet: files of \(what) cannot be put on the machine.",
            lines: [LineRange(copy.syntax.lines)], highlight: "--from=\(from)")
    }
}

extension BuildOperation {
    /// Flags and sources that need more than a shell and files of the context.
    func requireOneMachine() throws(PlanError) {
        switch kind {
        case .makeDirectory: break
        case .run(let run):
            if !run.mounts.isEmpty { throw unsupported("RUN --mount is", highlight: "--mount") }
            if run.network != .default { throw unsupported("RUN --network is", highlight: "--network") }
            if run.security != .sandbox { throw unsupported("RUN --security is", highlight: "--security") }
            if !run.devices.isEmpty { throw unsupported("RUN --device is", highlight: "--device") }
            if case .misplaced(let command, let why) = RestartCommand.find(in: run.arguments) {
                throw PlanError(
                    .restart,
                    "'\(command)' cannot restart the machine here: \(why). A restart ends the step, so it must be the last "
                        + "command of its RUN; or write '# replay: reboot' above the instruction.",
                    lines: [LineRange(lines)], highlight: command)
            }
        case .copy(let copy):
            for source in copy.sources {
                switch source {
                case .inline, .download, .repository: break
                case .tree(let tree):
                    switch tree.origin {
                    case .context, .named: break
                    case .stage, .image: throw unsupported("COPY --from is", highlight: "--from")
                    }
                }
            }
        }
    }

    private func unsupported(_ what: String, highlight: String) -> PlanError {
        PlanError(
            .unsupported, "\(what) not supported yet.", lines: [LineRange(lines)], highlight: highlight)
    }
}

extension BuildOperation {
    /// Whether the machine restarts when this is done: its last command says so, or the comment above it.
    var restartsMachine: Bool {
        if syntax.replayComments.contains("reboot") { return true }
        guard case .run(let run) = kind, case .last = RestartCommand.find(in: run.arguments) else { return false }
        return true
    }
}

extension RunAction {
    /// The command of an operation without flags; a restart at its end is the machine's affair and not the command's.
    init(_ operation: RunOperation) {
        var arguments = operation.arguments
        if case .last(let rest) = RestartCommand.find(in: arguments) { arguments = rest }
        self.init(
            arguments: arguments, environment: operation.environment, proxies: operation.proxies,
            workingDirectory: operation.workingDirectory, user: operation.user, scripts: operation.scripts)
    }
}
