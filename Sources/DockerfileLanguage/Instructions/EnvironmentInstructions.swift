/// A name and a value of ENV or LABEL, quotes and escapes still in them; both are expanded.
public struct NameAndValue: Sendable, Hashable {
    /// The name; not empty.
    public var name: String
    /// The value; it may be empty.
    public var value: String
    /// Whether it was written in the old form `NAME VALUE`, whose value is the rest of the line.
    public var isLegacyForm: Bool
}

/// `ENV NAME=VALUE …`. All values see the environment before the instruction.
public struct EnvInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The pairs in order.
    public var pairs: [NameAndValue]
}

/// `LABEL NAME=VALUE …`
public struct LabelInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The pairs in order.
    public var pairs: [NameAndValue]
}
