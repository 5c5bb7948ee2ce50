/// The `# key=value` lines at the top of a Dockerfile.
public struct ParserDirectives: Sendable, Hashable {
    /// A directive's value and its line.
    public struct Value: Sendable, Hashable {
        /// What stands after `=`, trimmed.
        public var text: String
        /// The line, counted from 1.
        public var line: Int

        /// The part before the first blank: for `syntax`, the frontend's image reference.
        public var firstWord: String { String(text.prefix { $0 != " " }) }
    }

    /// `escape`.
    public var escape: EscapeToken
    /// `syntax`: the frontend that the author asks for.
    public var syntax: Value?
    /// `check`: see ``CheckConfiguration``.
    public var check: Value?

    /// No directives.
    public init() { escape = .backslash }
}
