/// A heredoc of RUN, COPY or ADD (or an ONBUILD of these): `<<NAME`, and its body in the following lines.
public struct Heredoc: Sendable, Hashable {
    /// The delimiter without quotes; COPY and ADD name the file by it.
    public var name: String
    /// The file descriptor before `<<`; 0 where none is written.
    public var fileDescriptor: UInt
    /// Whether COPY and ADD expand variables in the body: the delimiter was not quoted.
    public var expands: Bool
    /// `<<-`: leading tabs of every body line are to be removed.
    public var stripsTabs: Bool
    /// The body as written, line ends and leading tabs included, without the line of the delimiter.
    public var content: String

    /// Makes a heredoc.
    public init(name: String, fileDescriptor: UInt = 0, expands: Bool, stripsTabs: Bool, content: String) {
        self.name = name
        self.fileDescriptor = fileDescriptor
        self.expands = expands
        self.stripsTabs = stripsTabs
        self.content = content
    }

    /// The body as a command or a file sees it: without leading tabs if `<<-` was written.
    public var body: String {
        guard stripsTabs else { return content }
        var result: [UInt8] = []
        var atStart = true
        for byte in content.utf8 where !(atStart && byte == Byte.tab) {
            result.append(byte)
            atStart = byte == Byte.newline
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Reads one shell word as the start of a heredoc (`3<<-"EOF"`); nil when it is none. The content is empty.
    ///
    /// The word must match `^(\d*)<<(-?)\s*([^<]*)$`, and the delimiter must be exactly one shell word.
    public static func parse(word: String) -> Heredoc? {
        let bytes = Array(word.utf8)[...]
        let digits = bytes.prefix(while: \.isASCIIDigit)
        var rest = bytes[digits.endIndex...]
        guard rest.starts(with: [Byte.less, Byte.less]) else { return nil }
        rest = rest.dropFirst(2)
        let stripsTabs = rest.first == Byte.dash
        if stripsTabs { rest = rest.dropFirst() }
        rest = rest.drop(while: \.isPatternSpace)
        guard !rest.isEmpty, !rest.contains(Byte.less) else { return nil }

        var lexer = WordExpander(escapeToken: .backslash)
        lexer.keepsUnset = true
        guard let names = try? lexer.words(rest.text, lookup: { _ in nil }), names.count == 1 else { return nil }
        lexer.keepsQuotes = true
        guard let raw = try? lexer.words(rest.text, lookup: { _ in nil }), raw.count == 1 else { return nil }
        let quotes = { (text: String) in text.utf8.count { $0 == Byte.singleQuote || $0 == Byte.doubleQuote } }
        return Heredoc(
            name: names[0], fileDescriptor: digits.isEmpty ? 0 : UInt(digits.text) ?? .max,
            expands: quotes(names[0]) == quotes(raw[0]), stripsTabs: stripsTabs, content: "")
    }

    /// The heredocs that a logical line announces, in order. A line that is not well-formed shell has none.
    static func announced(in line: String) -> [Heredoc] {
        var lexer = WordExpander(escapeToken: .backslash)
        lexer.keepsQuotes = true
        lexer.keepsEscapes = true
        lexer.keepsUnset = true
        guard let words = try? lexer.words(line, lookup: { _ in nil }) else { return [] }
        return words.compactMap(parse(word:))
    }
}
