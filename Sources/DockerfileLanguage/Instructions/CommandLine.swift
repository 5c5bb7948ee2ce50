/// A command in one of its two forms.
public enum CommandLine: Sendable, Hashable {
    /// The text for the shell; it may be empty.
    case shell(String)
    /// The argument vector of the JSON form; it may be empty.
    case exec([String])

    /// The argument vector: that of the JSON form, or the shell's with the text as one more argument.
    public func arguments(shell: [String]) -> [String] {
        switch self {
        case .shell(let text): shell + [text]
        case .exec(let arguments): arguments
        }
    }
}
