/// The simple commands of a shell text, found well enough to tell a command from a word that looks like one.
///
/// It is no parser: quotes, comments, heredocs, substitutions and groups are followed, so that `echo reboot`, a pattern of
/// `case` and a line of a file that the text writes are not taken for commands.
struct ShellCommands {
    /// One simple command.
    struct Command: Hashable {
        /// Its words without quotes; words of the grammar in front (`then`, `!`, `{`) are left out.
        var words: [String]
        /// Its bytes in the text.
        var range: Range<Int>
        /// The operator in front, empty at the beginning, and where it begins.
        var before: String
        var beforeStart: Int
        /// The operator behind, empty at the end.
        var after: String
        /// Whether it stands in a group, a substitution or a compound command.
        var isNested: Bool
    }

    private struct Frame {
        var isSubstitution: Bool
        var words: [String]
        var word: [UInt8]?
        var start: Int
        var before: (text: String, start: Int)
    }

    private static let grammar: Set<String> = ["then", "do", "else", "elif", "if", "while", "until", "!", "{", "time"]

    private let bytes: [UInt8]
    private var place = 0
    private var found: [Command] = []
    private var words: [String] = []
    private var word: [UInt8]?
    private var start = 0
    private var end = 0
    private var before = (text: "", start: 0)
    private var frames: [Frame] = []
    private var heredocs: [(delimiter: String, stripsTabs: Bool)] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// The commands of a text, in order.
    static func all(in text: String) -> [Command] {
        var scan = ShellCommands(text)
        while scan.place < scan.bytes.count { scan.next() }
        scan.endCommand("", length: 0)
        return scan.found
    }

    private func isAt(_ text: String) -> Bool { bytes[place...].starts(with: text.utf8) }

    private mutating func append(_ more: some Sequence<UInt8>) {
        if word == nil, words.isEmpty { start = place }
        word = (word ?? []) + more
    }

    private mutating func next() {
        switch Character(UnicodeScalar(bytes[place])) {
        case "\\":
            if place + 1 < bytes.count, bytes[place + 1] != UInt8(ascii: "\n") { append([bytes[place + 1]]) }
            place += 2
        case "'": quote(UInt8(ascii: "'"))
        case "\"": quote(UInt8(ascii: "\""))
        case "`": quote(UInt8(ascii: "`"))
        case "#" where word == nil:
            while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
        case " ", "\t":
            endWord()
            place += 1
        case "$" where isAt("$("):
            append([])
            frames.append(Frame(isSubstitution: true, words: words, word: word, start: start, before: before))
            begin("$(", length: 2)
        case "(":
            endCommand("(", length: 0)
            frames.append(Frame(isSubstitution: false, words: [], word: nil, start: place, before: ("(", place)))
            begin("(", length: 1)
        case ")": close()
        case "<" where isAt("<<") && !isAt("<<<"): heredoc()
        case "<", ">":
            endWord()
            while place < bytes.count, "<>&|".utf8.contains(bytes[place]) { place += 1 }
        case "&" where isAt("&>"): place += 1
        case "\n":
            endCommand("\n", length: 1)
            skipHeredocs()
        case ";", "&", "|":
            let operators = ["&&", "||", ";;", ";", "&", "|"]
            let text = operators.first { isAt($0) } ?? ";"
            endCommand(text, length: text.utf8.count)
        default:
            append([bytes[place]])
            place += 1
        }
    }

    private mutating func quote(_ mark: UInt8) {
        append([])
        place += 1
        while place < bytes.count, bytes[place] != mark {
            if bytes[place] == UInt8(ascii: "\\"), mark != UInt8(ascii: "'") { place += 1 }
            if place < bytes.count { append([bytes[place]]) }
            place += 1
        }
        place += 1
    }

    private mutating func endWord() {
        guard let bytes = word else { return }
        words.append(String(decoding: bytes, as: UTF8.self))
        word = nil
        end = place
    }

    private mutating func begin(_ text: String, length: Int) {
        before = (text, place)
        place += length
        (words, word) = ([], nil)
    }

    private mutating func endCommand(_ operation: String, length: Int) {
        endWord()
        let plain = words.drop { Self.grammar.contains($0) }
        // A pattern of `case`, or the name of a function that is defined here.
        let isNoCommand = operation == ")" && frames.isEmpty || operation == "(" && !plain.isEmpty
        if !plain.isEmpty, !isNoCommand {
            found.append(
                Command(
                    words: Array(plain), range: start..<end, before: before.text, beforeStart: before.start,
                    after: operation, isNested: !frames.isEmpty || plain.count < words.count))
        }
        // An empty line between two commands changes nothing.
        if words.isEmpty, operation == "\n", before.text != "" {
            place += length
        } else {
            begin(operation, length: length)
        }
    }

    private mutating func close() {
        endCommand(")", length: 1)
        guard let frame = frames.popLast(), frame.isSubstitution else { return }
        (words, word, start, before) = (frame.words, frame.word, frame.start, frame.before)
    }

    private mutating func heredoc() {
        endWord()
        place += 2
        let stripsTabs = place < bytes.count && bytes[place] == UInt8(ascii: "-")
        if stripsTabs { place += 1 }
        while place < bytes.count, bytes[place] == UInt8(ascii: " ") { place += 1 }
        var delimiter: [UInt8] = []
        while place < bytes.count, !" \t\n;&|<>()".utf8.contains(bytes[place]) {
            if !"'\"\\".utf8.contains(bytes[place]) { delimiter.append(bytes[place]) }
            place += 1
        }
        heredocs.append((String(decoding: delimiter, as: UTF8.self), stripsTabs))
    }

    /// Behind a newline: what belongs to heredocs is not the shell's to run.
    private mutating func skipHeredocs() {
        for heredoc in heredocs {
            while place < bytes.count {
                let line = bytes[place...].prefix { $0 != UInt8(ascii: "\n") }
                place = min(line.endIndex + 1, bytes.count)
                let text = heredoc.stripsTabs ? line.drop { $0 == UInt8(ascii: "\t") } : line
                if text.elementsEqual(heredoc.delimiter.utf8) { break }
            }
        }
        heredocs = []
    }
}
