/// The simple commands of a text for a POSIX shell, as far as they can be told without running it.
///
/// Quotes, comments, heredocs and reserved words are known (POSIX.1-2024, Shell Command Language, 2); what `eval`, aliases and
/// functions make of a text is not.
enum ShellCommands {
    /// One simple command.
    struct Command: Equatable {
        /// Its words without quotes.
        var words: [String]
        /// Where its first word begins.
        var start: String.Index
        /// Where its last word ends.
        var end: String.Index
        /// Whether it stands inside of parentheses, braces or a compound command.
        var isNested: Bool
    }

    private static let opening: Set<String> = ["if", "while", "until", "for", "case", "{"]
    private static let closing: Set<String> = ["fi", "done", "esac", "}"]
    private static let further: Set<String> = ["then", "else", "elif", "do", "!", "time"]

    /// The commands in order.
    static func split(_ text: String) -> [Command] {
        var scanner = Scanner(text: text)
        scanner.run()
        return scanner.commands
    }

    private struct Scanner {
        let text: String
        var commands: [Command] = []
        private var words: [String] = []
        private var start: String.Index
        private var end: String.Index
        private var depth = 0
        /// The words that end heredocs which begin with the next line.
        private var heredocs: [String] = []

        init(text: String) {
            self.text = text
            start = text.startIndex
            end = text.startIndex
        }

        mutating func run() {
            var at = text.startIndex
            while at < text.endIndex {
                let character = text[at]
                switch character {
                case "\n":
                    finish()
                    at = skipHeredocs(from: text.index(after: at))
                case ";", "&", "|":
                    finish()
                    at = text.index(after: at)
                case "(":
                    // `name()` begins a function, and is no command.
                    if words.count == 1, text[text.index(after: at)...].first == ")" { words = [] }
                    finish()
                    depth += 1
                    at = text.index(after: at)
                case ")":
                    finish()
                    depth = max(0, depth - 1)
                    at = text.index(after: at)
                case " ", "\t": at = text.index(after: at)
                case "#":
                    while at < text.endIndex, text[at] != "\n" { at = text.index(after: at) }
                default: at = word(from: at)
                }
            }
            finish()
        }

        private mutating func finish() {
            if !words.isEmpty {
                commands.append(Command(words: words, start: start, end: end, isNested: depth > 0))
            }
            words = []
        }

        private mutating func word(from begin: String.Index) -> String.Index {
            var at = begin
            var word = ""
            var quote: Character?
            while at < text.endIndex {
                let character = text[at]
                if let open = quote {
                    if character == open {
                        quote = nil
                    } else if character == "\\", open == "\"", text.index(after: at) < text.endIndex {
                        at = text.index(after: at)
                        word.append(text[at])
                    } else {
                        word.append(character)
                    }
                } else if character == "'" || character == "\"" {
                    quote = character
                } else if character == "\\" {
                    at = text.index(after: at)
                    guard at < text.endIndex else { break }
                    if text[at] != "\n" { word.append(text[at]) }
                } else if " \t\n;&|()".contains(character) {
                    // `2>&1` and `>|file` are one word.
                    guard "&|".contains(character), word.last == ">" || word.last == "<" else { break }
                    word.append(character)
                } else {
                    word.append(character)
                }
                at = text.index(after: at)
            }
            take(word, from: begin, to: at, isPlain: word == text[begin..<at])
            return at
        }

        private mutating func take(_ word: String, from begin: String.Index, to after: String.Index, isPlain: Bool) {
            if let range = word.firstRange(of: "<<"), !word.contains("<<<") {
                let name = word[range.upperBound...].drop { $0 == "-" }
                heredocs.append(name.isEmpty ? "" : String(name))
            } else if heredocs.last == "" {
                heredocs[heredocs.count - 1] = word
            }
            if words.isEmpty, isPlain {
                if opening.contains(word) {
                    depth += 1
                    return
                }
                if closing.contains(word) {
                    depth = max(0, depth - 1)
                    return
                }
                if further.contains(word) { return }
                // An assignment before a command.
                if let equals = word.firstIndex(of: "="), equals > word.startIndex,
                    word[..<equals].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
                {
                    return
                }
            }
            if words.isEmpty { start = begin }
            words.append(word)
            end = after
        }

        private mutating func skipHeredocs(from begin: String.Index) -> String.Index {
            var at = begin
            for name in heredocs {
                while at < text.endIndex {
                    let lineEnd = text[at...].firstIndex(of: "\n") ?? text.endIndex
                    let line = text[at..<lineEnd].drop { $0 == "\t" }
                    at = lineEnd < text.endIndex ? text.index(after: lineEnd) : lineEnd
                    if line == name { break }
                }
            }
            heredocs = []
            return at
        }
    }
}
