/// A comment line that speaks to `replay` and to no other builder: `# replay: NAME VALUE`.
///
/// It stands on a line of its own between instructions; inside of an instruction's continuation lines and of heredocs
/// comments are only comments.
public struct ReplayDirective: Sendable, Hashable {
    /// The word after `replay:`, as written.
    public var name: String
    /// What follows the name, trimmed; it may be empty.
    public var value: String
    /// The line, counted from 1.
    public var line: Int

    /// Reads a comment's text, without its `#`; nil when it is an ordinary comment.
    init?(comment: Bytes, line: Int) {
        let text = comment.trimmed
        guard text.starts(with: "replay:".utf8) else { return nil }
        let words = text.dropFirst("replay:".utf8.count).trimmed
        let name = words.prefix { $0 != Byte.space && $0 != Byte.tab }
        self.name = name.text
        value = words[name.endIndex...].trimmed.text
        self.line = line
    }
}
