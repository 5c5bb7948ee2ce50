/// Bytes to syntax tree: BuildKit's `parser` package. Linear in the input.
public struct SyntaxParser {
    /// The longest physical line, without its line feed: a limit of BuildKit's line reader.
    static let maximumLineLength = 65_535

    private let source: SourceText
    private var directiveReader = DirectiveReader()
    private var directives = ParserDirectives()
    private var nodes: [SyntaxNode] = []
    private var warnings: [DockerfileWarning] = []
    private var comments: [String] = []
    private var replayDirectives: [ReplayDirective] = []
    /// The number of the last line that was read.
    private var line = 0

    private init(_ source: SourceText) { self.source = source }

    /// Parses a Dockerfile.
    ///
    /// - Throws: ``DockerfileError`` with the lines that it is about.
    public static func parse(_ source: SourceText) throws(DockerfileError) -> SyntaxTree {
        guard !source.bytes.isEmpty else { throw DockerfileError(.emptyFile, "the Dockerfile is empty") }
        var parser = SyntaxParser(source)
        parser.directives.scan(source)
        return try parser.run()
    }

    private mutating func run() throws(DockerfileError) -> SyntaxTree {
        while let rawLine = try nextLine() {
            let logical = try readLogicalLine(startingWith: rawLine)
            guard let logical else { continue }
            try appendNode(logical)
        }
        guard !nodes.isEmpty else {
            throw DockerfileError(
                .syntax, "the file has no instructions", at: line > 0 ? [SourceRange(line: line)] : [])
        }
        return SyntaxTree(nodes: nodes, directives: directives, warnings: warnings, replayDirectives: replayDirectives)
    }

    private mutating func nextLine() throws(DockerfileError) -> Bytes? {
        guard line < source.lineCount else { return nil }
        let bytes = source.rawLine(line + 1)
        let length = bytes.last == Byte.newline ? bytes.count - 1 : bytes.count
        guard length <= Self.maximumLineLength else {
            throw DockerfileError(
                .limit, "a line has \(length) bytes; \(Self.maximumLineLength) are allowed: break it with \\",
                at: [SourceRange(line: line + 1)])
        }
        line += 1
        return bytes
    }

    /// Joins the continuation lines of an instruction; nil when the line holds none.
    private mutating func readLogicalLine(startingWith rawLine: Bytes) throws(DockerfileError) -> LogicalLine? {
        let stripped = rawLine.trimmingLineEnd.trimmingLeadingSpace
        if stripped.first == Byte.hash {
            try readComment(stripped, rawLine: rawLine)
            return nil
        }
        // A line that is not a comment ends the directives.
        _ = try readDirective(stripped)
        let first = line
        var (part, continues) = trimmingContinuation(stripped)
        if part.isEmpty, !continues { return nil }
        guard continues else { return LogicalLine(bytes: part, first: first) }

        var bytes = Array(part)
        var hasEmptyLine = false
        while continues, let next = try nextLine() {
            let content = next.trimmingLineEnd
            let text = content.trimmingLeadingSpace
            if text.first == Byte.hash { continue }
            if text.isEmpty {
                hasEmptyLine = true
                continue
            }
            (part, continues) = trimmingContinuation(content)
            bytes += part
        }
        if hasEmptyLine {
            warnings.append(
                DockerfileWarning(
                    rule: "NoEmptyContinuation", range: SourceRange(line: line),
                    message: "Empty continuation line found in: \(bytes[...].text)"))
        }
        return LogicalLine(bytes: bytes[...], first: first)
    }

    /// A comment line is a directive, or text that belongs to the next instruction; an empty one resets that text.
    private mutating func readComment(_ stripped: Bytes, rawLine: Bytes) throws(DockerfileError) {
        if try readDirective(stripped) { return }
        if let directive = ReplayDirective(comment: stripped.dropFirst(), line: line) {
            replayDirectives.append(directive)
        }
        // One byte is dropped, not the `#`: an indented comment keeps it, as in BuildKit.
        let comment = rawLine.dropFirst().trimmed
        if comment.isEmpty {
            comments.removeAll()
        } else {
            comments.append(comment.text)
        }
    }

    private mutating func readDirective(_ stripped: Bytes) throws(DockerfileError) -> Bool {
        if directiveReader.isDone { return false }
        let range = SourceRange(line: line)
        let found: (key: String, value: String)?
        do {
            found = try directiveReader.read(stripped)
        } catch {
            throw error.located(at: range)
        }
        guard let found else { return false }
        if found.key == "escape" {
            guard let token = EscapeToken(rawValue: found.value) else {
                throw DockerfileError(
                    .directive, "the escape directive must be ` or \\, not '\(found.value)'", at: [range],
                    highlight: found.value)
            }
            directives.escape = token
        }
        return true
    }

    /// Cuts a single escape token and the blanks after it off the end; two tokens are no continuation.
    private func trimmingContinuation(_ text: Bytes) -> (part: Bytes, continues: Bool) {
        let escape = directives.escape.byte
        var end = text.endIndex
        while end > text.startIndex, text[end - 1] == Byte.space || text[end - 1] == Byte.tab { end -= 1 }
        guard end > text.startIndex, text[end - 1] == escape else { return (text, false) }
        if end - 1 > text.startIndex, text[end - 2] == escape { return (text, false) }
        return (text[..<(end - 1)], true)
    }

    private mutating func appendNode(_ logical: LogicalLine) throws(DockerfileError) {
        var node: SyntaxNode
        do {
            node = try SyntaxNode(line: logical.bytes, escape: directives.escape, comments: comments)
        } catch {
            throw error.located(at: SourceRange(first: logical.first, last: line))
        }
        if node.canHaveHeredocs, logical.bytes.containsHeredocMarker {
            for heredoc in Heredoc.announced(in: node.original) {
                node.heredocs.append(try readBody(of: heredoc, first: logical.first))
            }
        }
        node.range = SourceRange(first: logical.first, last: line)
        nodes.append(node)
        comments.removeAll()
    }

    /// Reads the lines up to the one that equals the delimiter.
    private mutating func readBody(of heredoc: Heredoc, first: Int) throws(DockerfileError) -> Heredoc {
        let delimiter = Array(heredoc.name.utf8)
        let start = line
        while line < source.lineCount {
            let bytes: Bytes
            do {
                guard let next = try nextLine() else { break }
                bytes = next
            } catch {
                throw DockerfileError(error.code, error.message, at: [SourceRange(first: first, last: line)])
            }
            var candidate = bytes.trimmingLineEnd
            if heredoc.stripsTabs { candidate = candidate.trimmingLeadingTabs }
            guard candidate.elementsEqual(delimiter) else { continue }
            var complete = heredoc
            if line - 1 > start {
                let firstBody = source.rawLine(start + 1)
                complete.content = source.bytes[firstBody.startIndex..<bytes.startIndex].text
            }
            return complete
        }
        throw DockerfileError(
            .unterminatedHeredoc, "the heredoc <<\(heredoc.name) has no line with only \(heredoc.name) that ends it",
            at: [SourceRange(first: first, last: line)], highlight: "<<")
    }
}

/// Continuation lines, joined.
private struct LogicalLine {
    var bytes: Bytes
    /// The first physical line.
    var first: Int
}

extension Bytes {
    /// Whether `<<` occurs.
    fileprivate var containsHeredocMarker: Bool {
        var previous: UInt8 = 0
        for byte in self {
            if byte == Byte.less, previous == Byte.less { return true }
            previous = byte
        }
        return false
    }
}
