/// Splits a shell text into words, operators and redirections: POSIX, Shell Command Language, 2.3 "Token Recognition", as
/// far as hints need it.
struct ShellLexer {
    /// A part of the text.
    enum Token {
        case word(ShellWord)
        case redirection(String)
        case separator(ShellCommand.Separator)
    }

    private let scalars: [Unicode.Scalar]
    private let variables: [String: String]
    private var position = 0
    /// The delimiters of heredocs whose bodies come after this line.
    private var heredocs: [(delimiter: String, stripsTabs: Bool)] = []
    /// Whether the next word is the delimiter of a heredoc, and whether tabs are stripped.
    private var awaitsDelimiter: Bool?
    /// The texts in `$(…)` and between back quotes.
    private(set) var substitutions: [String] = []

    init(_ text: String, variables: [String: String]) {
        scalars = Array(text.unicodeScalars)
        self.variables = variables
    }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }
    private func peek(_ distance: Int) -> Unicode.Scalar? {
        position + distance < scalars.count ? scalars[position + distance] : nil
    }

    /// The next part; nil at the end.
    mutating func next() -> Token? {
        while let scalar = peek {
            switch scalar {
            case " ", "\t", "\r": position += 1
            case "\\" where peek(1) == "\n": position += 2
            case "#": while let scalar = peek, scalar != "\n" { position += 1 }
            case "\n":
                position += 1
                skipHeredocs()
                return .separator(.sequence)
            case ";", "(", ")":
                position += 1
                return .separator(.sequence)
            case "&":
                position += 1
                if peek == "&" {
                    position += 1
                    return .separator(.sequence)
                }
                if peek == ">" { return redirection() }
                return .separator(.background)
            case "|":
                position += 1
                if peek == "|" {
                    position += 1
                    return .separator(.alternative)
                }
                if peek == "&" { position += 1 }
                return .separator(.pipe)
            case "<", ">": return redirection()
            default:
                if let end = endOfDescriptor() {
                    position = end
                    return redirection()
                }
                let word = word()
                if let stripsTabs = awaitsDelimiter {
                    heredocs.append((word.value, stripsTabs))
                    awaitsDelimiter = nil
                }
                return .word(word)
            }
        }
        return nil
    }

    /// Where the digits end that stand before `<` or `>`; nil when there are none.
    private func endOfDescriptor() -> Int? {
        var end = position
        while end < scalars.count, ("0"..."9").contains(scalars[end]) { end += 1 }
        guard end > position, end < scalars.count, scalars[end] == "<" || scalars[end] == ">" else { return nil }
        return end
    }

    private mutating func redirection() -> Token {
        var text = ""
        while let scalar = peek, "<>&|-".unicodeScalars.contains(scalar), text.unicodeScalars.count < 3 {
            if scalar == "-", text != "<<" { break }
            text.unicodeScalars.append(scalar)
            position += 1
        }
        if text == "<<" || text == "<<-" { awaitsDelimiter = text == "<<-" }
        return .redirection(text)
    }

    private mutating func skipHeredocs() {
        for heredoc in heredocs {
            while position < scalars.count {
                var line = ""
                while let scalar = peek, scalar != "\n" {
                    line.unicodeScalars.append(scalar)
                    position += 1
                }
                position += 1
                let text = heredoc.stripsTabs ? String(line.drop { $0 == "\t" }) : line
                if text == heredoc.delimiter { break }
            }
        }
        heredocs = []
    }

    private mutating func word() -> ShellWord {
        let start = position
        var value = ""
        while let scalar = peek {
            switch scalar {
            case " ", "\t", "\r", "\n", ";", "&", "|", "<", ">", "(", ")": return finish(start, value)
            case "\\":
                position += 1
                if let next = peek {
                    if next != "\n" { value.unicodeScalars.append(next) }
                    position += 1
                }
            case "'":
                position += 1
                while let inner = peek, inner != "'" {
                    value.unicodeScalars.append(inner)
                    position += 1
                }
                position += 1
            case "\"":
                position += 1
                doubleQuoted(into: &value)
            case "$": variable(into: &value)
            case "`": backQuoted(into: &value)
            default:
                value.unicodeScalars.append(scalar)
                position += 1
            }
        }
        return finish(start, value)
    }

    private func finish(_ start: Int, _ value: String) -> ShellWord {
        var raw = String.UnicodeScalarView()
        raw.append(contentsOf: scalars[start..<min(position, scalars.count)])
        return ShellWord(raw: String(raw), value: value)
    }

    private mutating func doubleQuoted(into value: inout String) {
        while let scalar = peek, scalar != "\"" {
            switch scalar {
            case "\\":
                position += 1
                guard let next = peek else { return }
                if !"$`\"\\\n".unicodeScalars.contains(next) { value.unicodeScalars.append("\\") }
                if next != "\n" { value.unicodeScalars.append(next) }
                position += 1
            case "$": variable(into: &value)
            case "`": backQuoted(into: &value)
            default:
                value.unicodeScalars.append(scalar)
                position += 1
            }
        }
        position += 1
    }

    /// `$NAME` and `${NAME}` have their values where they are known; all else stays as it is written.
    private mutating func variable(into value: inout String) {
        let start = position
        position += 1
        switch peek {
        case "("?:
            let text = parenthesised()
            if !text.hasPrefix("(") { substitutions.append(text) }
        case "{"?:
            while let scalar = peek, scalar != "}" { position += scalar == "\\" ? 2 : 1 }
            position = min(position + 1, scalars.count)
        default:
            while let scalar = peek, Self.isNamePart(scalar) { position += 1 }
        }
        position = min(position, scalars.count)
        var written = String.UnicodeScalarView()
        written.append(contentsOf: scalars[start..<position])
        let text = String(written)
        var name = text.dropFirst()
        if name.hasPrefix("{"), name.hasSuffix("}") { name = name.dropFirst().dropLast() }
        value += variables[String(name)] ?? text
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    /// The text between `(` and its `)`; quotes are respected.
    private mutating func parenthesised() -> String {
        position += 1
        var depth = 1
        var quote: Unicode.Scalar?
        var text = ""
        while let scalar = peek {
            position += 1
            if scalar == "\\", quote != "'", let next = peek {
                text.unicodeScalars.append(scalar)
                text.unicodeScalars.append(next)
                position += 1
                continue
            }
            if let open = quote {
                if scalar == open { quote = nil }
            } else if scalar == "'" || scalar == "\"" {
                quote = scalar
            } else if scalar == "(" {
                depth += 1
            } else if scalar == ")" {
                depth -= 1
                if depth == 0 { return text }
            }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private mutating func backQuoted(into value: inout String) {
        position += 1
        var text = ""
        while let scalar = peek, scalar != "`" {
            position += 1
            if scalar == "\\", let next = peek {
                text.unicodeScalars.append(next)
                position += 1
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        position += 1
        substitutions.append(text)
        value += "`\(text)`"
    }
}
