/// One instruction as the parser leaves it: split, but not yet checked.
public struct SyntaxNode: Sendable, Hashable {
    /// The instruction's name as written; any word at all.
    public var name: String
    /// The builder flags, quotes removed: `--from=x`.
    public var flags: [String]
    /// The arguments. ENV and LABEL have three for each pair: name, value, `=` (or nothing in the form `ENV name value`).
    public var arguments: [String]
    /// The instruction that an ONBUILD carries: none or one.
    public var trigger: [SyntaxNode]
    /// Whether the arguments were written as a JSON array.
    public var isJSON: Bool
    /// The logical line: continuation lines joined, heredoc bodies left out.
    public var original: String
    /// The first and last physical line, heredoc bodies included. Nil for the instruction in an ONBUILD.
    public var range: SourceRange?
    /// The comment block directly above, without `#`.
    public var comments: [String]
    /// The heredocs, in order.
    public var heredocs: [Heredoc]

    /// The arguments with those of the ONBUILD trigger flattened into them.
    var flattenedArguments: [String] {
        arguments + trigger.flatMap { [$0.name] + $0.flattenedArguments }
    }
}
