/// Syntax node to typed instruction: BuildKit's `instructions` package.
struct InstructionReader {
    let node: SyntaxNode
    let syntax: InstructionSyntax
    /// The arguments, with those of an ONBUILD's trigger in them.
    let arguments: [String]

    private init(_ node: SyntaxNode, lines: SourceRange) {
        self.node = node
        arguments = node.flattenedArguments
        syntax = InstructionSyntax(
            keyword: node.name, lines: lines, text: node.original.trimmed, comments: node.comments)
    }

    /// Checks a node.
    ///
    /// - Throws: ``DockerfileError`` at `lines`.
    static func read(_ node: SyntaxNode, lines: SourceRange) throws(DockerfileError) -> Instruction {
        do {
            return try InstructionReader(node, lines: lines).read()
        } catch {
            throw error.located(at: lines)
        }
    }

    private func read() throws(DockerfileError) -> Instruction {
        switch Keyword(node.name) {
        case .add: .add(try add())
        case .arg: .arg(try arg())
        case .cmd: .cmd(CmdInstruction(syntax: syntax, command: try command()))
        case .copy: .copy(try copy())
        case .entrypoint: .entrypoint(EntrypointInstruction(syntax: syntax, command: try command()))
        case .env: .env(EnvInstruction(syntax: syntax, pairs: try pairs()))
        case .expose: .expose(try expose())
        case .from: .from(try from())
        case .healthcheck: .healthcheck(try healthcheck())
        case .label: .label(LabelInstruction(syntax: syntax, pairs: try pairs()))
        case .maintainer: .maintainer(MaintainerInstruction(syntax: syntax, name: try only()))
        case .onbuild: .onbuild(try onbuild())
        case .run: .run(try run())
        case .shell: .shell(try shell())
        // STOPSIGNAL never looks at its flags; BuildKit drops them too.
        case .stopsignal: .stopSignal(StopSignalInstruction(syntax: syntax, signal: try only(checkingFlags: false)))
        case .user: .user(UserInstruction(syntax: syntax, user: try only()))
        case .volume: .volume(try volume())
        case .workdir: .workdir(WorkdirInstruction(syntax: syntax, path: try only()))
        case nil: throw unknown()
        }
    }

    private func unknown() -> DockerfileError {
        let hint = Suggestion.text(for: node.name, among: Keyword.allCases.map(\.name))
        return DockerfileError(
            .unknownInstruction, "unknown instruction: \(node.name)\(hint)", highlight: node.name)
    }

    /// The name in upper case, for messages.
    var name: String { node.name.asciiUppercased }

    /// Takes no flags, but looks that there are none.
    func noFlags() throws(DockerfileError) {
        _ = try FlagReader(node.flags)
    }

    /// There must be an argument.
    func atLeastOne() throws(DockerfileError) {
        guard arguments.isEmpty else { return }
        throw DockerfileError(.arguments, "\(name) requires at least one argument")
    }

    /// The one argument of USER, WORKDIR, STOPSIGNAL, MAINTAINER.
    private func only(checkingFlags: Bool = true) throws(DockerfileError) -> String {
        guard arguments.count == 1 else {
            throw DockerfileError(.arguments, "\(name) requires exactly one argument")
        }
        if checkingFlags { try noFlags() }
        return arguments[0]
    }

    /// The command of RUN, CMD, ENTRYPOINT.
    func command() throws(DockerfileError) -> CommandLine {
        try noFlags()
        return commandLine(arguments)
    }

    /// These arguments in the form in which they were written.
    func commandLine(_ arguments: [String]) -> CommandLine {
        node.isJSON ? .exec(arguments) : .shell(arguments.joined(separator: " "))
    }

    /// The pairs of ENV and LABEL.
    private func pairs() throws(DockerfileError) -> [NameAndValue] {
        try noFlags()
        try atLeastOne()
        var pairs: [NameAndValue] = []
        for index in stride(from: 0, to: arguments.count - 2, by: 3) {
            guard !arguments[index].isEmpty else {
                throw DockerfileError(
                    .arguments, "\(name) names cannot be blank", highlight: "=\(arguments[index + 1])")
            }
            pairs.append(
                NameAndValue(
                    name: arguments[index], value: arguments[index + 1], isLegacyForm: arguments[index + 2].isEmpty))
        }
        return pairs
    }

    private func arg() throws(DockerfileError) -> ArgInstruction {
        try atLeastOne()
        var result: [ArgInstruction.Argument] = []
        for argument in arguments {
            let (name, value) = argument.splitAtEquals
            guard !name.isEmpty else {
                throw DockerfileError(.arguments, "ARG names cannot be blank", highlight: argument)
            }
            result.append(
                ArgInstruction.Argument(name: name, defaultValue: value, description: syntax.description(of: name)))
        }
        return ArgInstruction(syntax: syntax, arguments: result)
    }

    private func expose() throws(DockerfileError) -> ExposeInstruction {
        try atLeastOne()
        try noFlags()
        let ports = arguments.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return ExposeInstruction(syntax: syntax, ports: ports)
    }

    private func volume() throws(DockerfileError) -> VolumeInstruction {
        try atLeastOne()
        try noFlags()
        let paths = arguments.map(\.trimmed)
        guard !paths.contains("") else { throw DockerfileError(.arguments, "VOLUME cannot be an empty string") }
        return VolumeInstruction(syntax: syntax, paths: paths)
    }

    private func shell() throws(DockerfileError) -> ShellInstruction {
        try noFlags()
        try atLeastOne()
        guard node.isJSON else {
            throw DockerfileError(
                .arguments, "SHELL requires the arguments to be in JSON form: SHELL [\"/bin/sh\", \"-c\"]")
        }
        return ShellInstruction(syntax: syntax, arguments: arguments)
    }
}
