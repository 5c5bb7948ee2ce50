/// The character that joins lines and escapes characters, chosen by the `escape` directive.
public enum EscapeToken: String, Sendable, Hashable {
    /// `\`: the default.
    case backslash = "\\"
    /// The back quote: for Windows paths.
    case backtick = "`"

    var byte: UInt8 {
        switch self {
        case .backslash: Byte.backslash
        case .backtick: Byte.backtick
        }
    }
}
