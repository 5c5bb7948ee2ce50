/// A Dockerfile, parsed and checked as far as that goes without knowing build arguments and bases.
public struct Dockerfile: Sendable, Hashable {
    /// The stages in the order of the file; at least one.
    public var stages: [Stage]
    /// The ARGs before the first FROM.
    public var globalArguments: [ArgInstruction]
    /// The parser directives, among them the escape token.
    public var directives: ParserDirectives
    /// What the parser found odd, in the order of the lines.
    public var warnings: [DockerfileWarning]
    /// The commands of the `# replay: test COMMAND` lines, in order: what must succeed on a copy of the template.
    public var tests: [String]
    /// The bytes and lines, for messages.
    public var source: SourceText

    /// What joins lines and escapes characters.
    public var escapeToken: EscapeToken { directives.escape }

    /// Makes a Dockerfile.
    public init(
        stages: [Stage], globalArguments: [ArgInstruction], directives: ParserDirectives,
        warnings: [DockerfileWarning], tests: [String] = [], source: SourceText
    ) {
        self.stages = stages
        self.globalArguments = globalArguments
        self.directives = directives
        self.warnings = warnings
        self.tests = tests
        self.source = source
    }
}

/// A stage: a FROM and what follows up to the next one.
public struct Stage: Sendable, Hashable {
    /// The place in the file, counted from 0: what `COPY --from=0` means.
    public var index: Int
    /// The FROM that begins it.
    public var from: FromInstruction
    /// The instructions after FROM.
    public var instructions: [Instruction]

    /// Makes a stage.
    public init(index: Int, from: FromInstruction, instructions: [Instruction] = []) {
        self.index = index
        self.from = from
        self.instructions = instructions
    }

    /// The name after AS in lower case, or nil.
    public var name: String? { from.name }
    /// The image or stage that it is built on, not expanded.
    public var baseName: String { from.baseName }
    /// `--platform`, not expanded, or nil.
    public var platform: String? { from.platform }
    /// From the FROM line to the last line of the last instruction.
    public var lines: SourceRange {
        SourceRange(first: from.syntax.lines.first, last: (instructions.last?.lines ?? from.syntax.lines).last)
    }
}
