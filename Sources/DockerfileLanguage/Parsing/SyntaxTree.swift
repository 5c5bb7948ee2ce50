/// A Dockerfile as the parser leaves it: instructions with line ranges, nothing checked beyond their form.
public struct SyntaxTree: Sendable, Hashable {
    /// The instructions in the order of the file; at least one.
    public var nodes: [SyntaxNode]
    /// The parser directives.
    public var directives: ParserDirectives
    /// What the parser found odd.
    public var warnings: [DockerfileWarning]
    /// The `# replay:` comments, in the order of the file.
    public var replayDirectives: [ReplayDirective]

    /// What joins lines and escapes characters.
    public var escapeToken: EscapeToken { directives.escape }
}
