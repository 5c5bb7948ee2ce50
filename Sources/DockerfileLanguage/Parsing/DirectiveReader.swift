/// Reads directives line by line, until the first line that is none.
struct DirectiveReader {
    private static let known: Set<String> = ["syntax", "escape", "check"]

    /// What a directive line begins with.
    private let marker: [UInt8]
    private var seen: Set<String> = []
    /// Whether the directives have ended.
    private(set) var isDone = false

    /// A reader for lines that begin with this marker.
    init(marker: String = "#") { self.marker = Array(marker.utf8) }

    /// Reads a line without its line end; nil when it is no directive, which ends them for good.
    mutating func read(_ line: Bytes) throws(DockerfileError) -> (key: String, value: String)? {
        if isDone { return nil }
        guard line.starts(with: marker), let (key, value) = Self.split(line.dropFirst(marker.count)),
            Self.known.contains(key)
        else {
            isDone = true
            return nil
        }
        guard seen.insert(key).inserted else {
            throw DockerfileError(.directive, "only one \(key) parser directive can be used")
        }
        return (key, value)
    }

    /// `^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$` after leading Unicode space; the key in lower case.
    static func split(_ text: Bytes) -> (key: String, value: String)? {
        let text = text.trimmingLeadingSpace
        guard text.first?.isASCIILetter == true else { return nil }
        let key = text.prefix { $0.isASCIILetter || $0.isASCIIDigit }
        let afterKey = text[key.endIndex...].drop(while: \.isPatternSpace)
        guard afterKey.first == Byte.equals else { return nil }
        let raw = afterKey.dropFirst()
        var value = raw.drop(while: \.isPatternSpace)
        // `.+?` needs one character: of nothing but spaces the last one is the value.
        if value.isEmpty { value = raw.suffix(1) }
        guard !value.isEmpty, !value.contains(Byte.newline) else { return nil }
        while value.count > 1, let last = value.last, last.isPatternSpace { value = value.dropLast() }
        return (key.text.lowercased(), value.text)
    }
}

extension ParserDirectives {
    /// The look before parsing that BuildKit takes for `syntax` and `check`: unlike the parser it skips a `#!` line,
    /// and it accepts no space before `#`. Errors end it quietly; the parser reports them.
    mutating func scan(_ source: SourceText) {
        let first = source.lineCount > 0 && source.rawLine(1).starts(with: "#!".utf8) ? 2 : 1
        for marker in ["#", "//"] {
            var reader = DirectiveReader(marker: marker)
            var number = first
            while number <= source.lineCount, let found = try? reader.read(source.rawLine(number).trimmingLineEnd) {
                let value = Value(text: found.value, line: number)
                if found.key == "syntax", syntax == nil { syntax = value }
                if found.key == "check", check == nil, marker == "#" { check = value }
                number += 1
            }
        }
    }
}
