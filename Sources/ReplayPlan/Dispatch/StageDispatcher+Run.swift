internal import Basemaps
internal import DockerfileLanguage

extension StageDispatcher {
    /// RUN: the command is not expanded; the environment is ENV and ARG as they stand.
    mutating func dispatch(_ instruction: RunInstruction, isTrigger: Bool) throws(PlanError) {
        var mounts: [RunMount] = []
        for flag in instruction.mounts { mounts.append(try resolve(flag)) }
        var scripts: [InlineFile] = []
        let arguments: [String]
        switch instruction.execution {
        case .exec(let vector): arguments = vector
        case .shell(let text): arguments = state.shell + [text]
        case .script(let name, let content):
            arguments = state.shell + [GoPath.join("/dev/pipes", name)]
            scripts = [InlineFile(name: name, content: content)]
        }
        guard !arguments.isEmpty else {
            throw PlanError(.argument, "RUN [] has no command.", highlight: instruction.syntax.text)
        }
        let proxies = GlobalArguments.proxies(options.buildArguments).map { EnvironmentVariable($0.name, $0.value) }
        let operation = RunOperation(
            arguments: arguments, environment: state.environment.variables, proxies: proxies,
            workingDirectory: state.config.workingDirectory, user: state.config.user, scripts: scripts, mounts: mounts,
            network: instruction.network, security: instruction.security, devices: instruction.devices)
        append(.run(operation), title: title(instruction), syntax: instruction.syntax, isTrigger: isTrigger)
    }

    private mutating func resolve(_ flag: MountFlag) throws(PlanError) -> RunMount {
        let mount: RunMount
        do {
            var undefined: [Set<String>] = []
            mount = try flag.resolve { word throws(DockerfileError) in
                let expanded = try graph.expander.expand(word) { state.environment[$0] }
                undefined.append(expanded.unmatched)
                return expanded.text
            }
            for names in undefined { reportUndefined(names) }
        } catch {
            throw PlanError(error, at: nil)
        }
        if let from = mount.from, let source = graph.index(named: from), results[source] == nil {
            throw PlanError(
                .stage, "RUN cannot mount from the stage \(from), which must stand before this one.", highlight: from)
        }
        if mount.kind == .bind || mount.kind == .cache || mount.kind == .tmpfs {
            let target = GoPath.join(state.config.workingDirectory, mount.target)
            let place = GoPath.isAbsolute(mount.target) ? GoPath.clean(mount.target) : target
            guard place != "/" else {
                throw PlanError(.argument, "A mount needs a target other than /.", highlight: flag.text)
            }
        }
        return mount
    }

    /// Docker expands what is set, keeps quotes, and shows the first line of a heredoc.
    private func title(_ instruction: RunInstruction) -> String {
        var expander = graph.expander
        expander.keepsQuotes = true
        expander.keepsUnset = true
        let text = title(instruction.syntax, with: expander)
        guard let first = instruction.heredocs.first, case .shell(let command) = instruction.command,
            Heredoc.parse(word: command) != nil
        else { return text }
        let lines = first.content.split { $0.isNewline }.drop { $0.allSatisfy(\.isWhitespace) }
        guard let line = lines.first else { return text }
        return "\(text) (\(line.drop(while: \.isWhitespace))\(lines.count > 1 ? "..." : ""))"
    }
}
