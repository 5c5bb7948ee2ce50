/// Something in a Dockerfile that works but is probably not meant.
public struct DockerfileWarning: Sendable, Hashable {
    /// The rule's name: BuildKit's, so that `check=skip=` names it.
    public var rule: String
    /// The lines that it is about.
    public var range: SourceRange
    /// One sentence.
    public var message: String

    /// Makes a warning.
    public init(rule: String, range: SourceRange, message: String) {
        self.rule = rule
        self.range = range
        self.message = message
    }
}
