/// What every instruction has: its name, place, text and comment.
public struct InstructionSyntax: Sendable, Hashable {
    /// The name as written: `RUN`, `run` …
    public var keyword: String
    /// The first and last physical line, heredoc bodies included.
    public var lines: SourceRange
    /// The logical line, trimmed: continuation lines joined, heredoc bodies left out.
    public var text: String
    /// The comment block directly above, a string a line, without `#`.
    public var comments: [String]

    /// Makes the common part of an instruction.
    public init(keyword: String, lines: SourceRange, text: String, comments: [String] = []) {
        self.keyword = keyword
        self.lines = lines
        self.text = text
        self.comments = comments
    }

    /// The description of a name in the comment above: `# name text` gives the text.
    public func description(of name: String) -> String? {
        guard !name.isEmpty else { return nil }
        let start = Array("\(name) ".utf8)
        guard let line = comments.first(where: { $0.utf8.starts(with: start) }) else { return nil }
        return String(line.utf8.dropFirst(start.count))
    }
}
