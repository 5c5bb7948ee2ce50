/// Bytes to ``Dockerfile``.
public enum DockerfileParser {
    /// Parses a Dockerfile and checks its instructions, as far as that goes without knowing build arguments and bases.
    ///
    /// - Parameter bytes: the file, UTF-8; a byte-order mark is allowed.
    /// - Throws: the first ``DockerfileError``, with its lines: one of the form of any line comes before one of an
    ///   instruction's arguments.
    public static func parse(_ bytes: [UInt8]) throws(DockerfileError) -> Dockerfile {
        let source = SourceText(bytes)
        let tree = try SyntaxParser.parse(source)
        for directive in tree.replayDirectives { try check(directive, in: tree) }
        var stages: [Stage] = []
        var globalArguments: [ArgInstruction] = []
        for node in tree.nodes {
            let lines = node.range ?? SourceRange(line: 1)
            let instruction = try InstructionReader.read(node, lines: lines)
            switch instruction {
            case .from(let from):
                stages.append(Stage(index: stages.count, from: from))
            case .arg(let arg) where stages.isEmpty:
                globalArguments.append(arg)
            default:
                guard !stages.isEmpty else {
                    throw DockerfileError(
                        .stage, "\(node.name.asciiUppercased) stands before the first FROM; only ARG may", at: [lines],
                        highlight: node.name)
                }
                stages[stages.count - 1].instructions.append(instruction)
            }
        }
        guard !stages.isEmpty else {
            throw DockerfileError(.stage, "the Dockerfile has no stages: FROM is missing")
        }
        return Dockerfile(
            stages: stages, globalArguments: globalArguments, directives: tree.directives, warnings: tree.warnings,
            tests: try tests(of: tree), source: source)
    }

    /// What a comment says about one instruction must have one, and mean something.
    private static func check(_ directive: ReplayDirective, in tree: SyntaxTree) throws(DockerfileError) {
        let text = directive.value.isEmpty ? directive.name : "\(directive.name) \(directive.value)"
        guard text == "reboot" || text.hasPrefix("timeout") else { return }
        let lines = [SourceRange(line: directive.line)]
        // An empty comment line between them takes it away from the instruction.
        let node = tree.nodes.first { ($0.range?.first ?? 0) > directive.line }
        guard let node, InstructionSyntax.replayComments(in: node.comments).contains(text),
            ["RUN", "COPY", "ADD", "WORKDIR"].contains(node.name.asciiUppercased)
        else {
            throw DockerfileError(
                .directive, "'# replay: \(text)' must stand right above the RUN, COPY, ADD or WORKDIR that it is about",
                at: lines)
        }
        guard
            text == "reboot"
                || text.hasPrefix("timeout=") && InstructionSyntax.seconds(String(text.dropFirst(8))) != nil
        else {
            throw DockerfileError(
                .directive, "'# replay: \(text)' is no time limit: write # replay: timeout=90s, 10m or 1h30m", at: lines
            )
        }
    }

    private static func tests(of tree: SyntaxTree) throws(DockerfileError) -> [String] {
        var tests: [String] = []
        for directive in tree.replayDirectives where directive.name == "test" {
            guard !directive.value.isEmpty else {
                throw DockerfileError(
                    .directive, "'# replay: test' needs a command: # replay: test systemctl is-active nginx",
                    at: [SourceRange(line: directive.line)])
            }
            tests.append(directive.value)
        }
        return tests
    }

    /// Parses a text, for tests and small inputs.
    public static func parse(_ text: String) throws(DockerfileError) -> Dockerfile {
        try parse(Array(text.utf8))
    }

    /// Reads the trigger of an ONBUILD, from this file or from an image's configuration.
    ///
    /// As in BuildKit the text is a small Dockerfile of its own: its escape token is `\`.
    /// - Parameters:
    ///   - trigger: the instruction's text.
    ///   - lines: where the FROM stands that fires it; errors and the instruction carry these lines.
    public static func parseTrigger(
        _ trigger: String, at lines: SourceRange
    ) throws(DockerfileError) -> Instruction {
        let tree: SyntaxTree
        do {
            tree = try SyntaxParser.parse(SourceText(Array(trigger.utf8)))
        } catch {
            throw DockerfileError(
                error.code, "in the ONBUILD trigger \"\(trigger)\": \(error.message)", at: [lines])
        }
        guard tree.nodes.count == 1 else {
            throw DockerfileError(.arguments, "the ONBUILD trigger \"\(trigger)\" is not one instruction", at: [lines])
        }
        let instruction: Instruction
        do {
            instruction = try InstructionReader.read(tree.nodes[0], lines: lines)
        } catch {
            throw DockerfileError(
                error.code, "in the ONBUILD trigger \"\(trigger)\": \(error.message)", at: [lines])
        }
        if case .from = instruction {
            throw DockerfileError(.arguments, "FROM is not allowed as an ONBUILD trigger", at: [lines])
        }
        return instruction
    }
}
