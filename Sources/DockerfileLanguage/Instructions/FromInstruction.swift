/// `FROM [--platform=P] BASE [AS NAME]`
public struct FromInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The image or stage; expanded with the global arguments only.
    public var baseName: String
    /// The stage's name in lower case; it matches `^[a-z][a-z0-9-_.]*$`. Nil without AS.
    public var name: String?
    /// The name as written.
    public var nameAsWritten: String?
    /// `AS` as written.
    public var asKeyword: String?
    /// `--platform`; expanded with the global arguments only. Nil when it is not given or empty.
    public var platform: String?
}

/// `ARG NAME[=DEFAULT] …`
public struct ArgInstruction: Sendable, Hashable {
    /// One argument.
    public struct Argument: Sendable, Hashable {
        /// The name, quotes and escapes still in it; expanded.
        public var name: String
        /// The default; expanded. Nil without `=`.
        public var defaultValue: String?
        /// The text after the name in the comment above, or nil.
        public var description: String?
    }

    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The arguments in order: each sees those before it.
    public var arguments: [Argument]
}
