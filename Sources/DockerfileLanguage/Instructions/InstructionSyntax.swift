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

    /// What the comment above says to `replay`: the texts behind `replay:`, trimmed.
    public var replayComments: [String] { Self.replayComments(in: comments) }

    /// The seconds of `# replay: timeout=DURATION` in the comment above; the parser has checked it.
    public var timeout: Int? {
        replayComments.compactMap { comment in
            let words = comment.split(separator: "=", maxSplits: 1)
            return words.count == 2 && words[0] == "timeout" ? Self.seconds(String(words[1])) : nil
        }.last
    }

    /// Whole seconds, at least 1, of a duration as Docker writes it (`90s`, `10m`, `1h30m`), or of a plain number.
    public static func seconds(_ text: String) -> Int? {
        guard let nanoseconds = GoValues.duration(text) ?? GoValues.duration(text + "s"), nanoseconds >= 1_000_000_000
        else { return nil }
        return Int(nanoseconds / 1_000_000_000)
    }

    static func replayComments(in comments: [String]) -> [String] {
        comments.compactMap { comment in
            let prefix = Array("replay:".utf8)
            let bytes = Array(comment.utf8)[...]
            // An indented comment keeps its `#`, as in BuildKit.
            let text = (bytes.first == UInt8(ascii: "#") ? bytes.dropFirst() : bytes).trimmed
            return text.starts(with: prefix) ? text.dropFirst(prefix.count).trimmed.text : nil
        }
    }

    /// The description of a name in the comment above: `# name text` gives the text.
    public func description(of name: String) -> String? {
        guard !name.isEmpty else { return nil }
        let start = Array("\(name) ".utf8)
        guard let line = comments.first(where: { $0.utf8.starts(with: start) }) else { return nil }
        return String(line.utf8.dropFirst(start.count))
    }
}
