/// The simple commands of a shell text, in order, those in `$(…)` and in `sh -c '…'` included.
///
/// It is a reader for hints, not a shell: what it does not know it takes for words, and it never fails. The time that it
/// takes is linear in the text, and nesting is limited.
struct ShellScript {
    /// The commands.
    private(set) var commands: [ShellCommand] = []

    private static let maximumDepth = 6

    /// Reads a text.
    /// - Parameter variables: The values that are known.
    init(_ text: String, variables: [String: String]) {
        read(text, depth: 0, variables: variables)
    }

    /// The one command of an argument vector, or those of the text that it gives to a shell.
    init(arguments: [String], variables: [String: String]) {
        append(ShellCommand(words: arguments.map { ShellWord(raw: $0, value: $0) }), depth: 0, variables: variables)
    }

    private mutating func read(_ text: String, depth: Int, variables: [String: String]) {
        var lexer = ShellLexer(text, variables: variables)
        var command = ShellCommand(words: [])
        var redirection: String?
        func isEmpty(_ command: ShellCommand) -> Bool { command.words.isEmpty && command.outputs.isEmpty }
        while let token = lexer.next() {
            switch token {
            case .word(let word):
                if let operation = redirection {
                    if operation.contains(">"), !word.value.hasPrefix("&") { command.outputs.append(word) }
                    redirection = nil
                } else if command.words.isEmpty, Self.isSkipped(word.value) {
                    continue
                } else {
                    command.words.append(word)
                }
            case .redirection(let text):
                redirection = text
            case .separator(let separator):
                redirection = nil
                if !isEmpty(command) {
                    command.separator = separator
                    append(command, depth: depth, variables: variables)
                } else if separator == .alternative, let last = commands.indices.last {
                    commands[last].mayFail = true
                }
                command = ShellCommand(words: [])
            }
        }
        if !isEmpty(command) { append(command, depth: depth, variables: variables) }
        if depth < Self.maximumDepth {
            for inner in lexer.substitutions { read(inner, depth: depth + 1, variables: variables) }
        }
    }

    /// Words at a command's place that are no command: reserved words, and settings of variables.
    private static func isSkipped(_ word: String) -> Bool {
        if reserved.contains(word) { return true }
        guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
        return word[..<equals].utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }

    private static let reserved: Set = [
        "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}",
    ]

    /// Programs that run the program in their arguments.
    private static let wrappers: Set = [
        "sudo", "env", "exec", "command", "time", "nice", "ionice", "nohup", "eatmydata", "builtin", "setsid",
    ]
    private static let shells: Set = ["sh", "bash", "dash", "ash", "ksh", "zsh"]

    private mutating func append(_ given: ShellCommand, depth: Int, variables: [String: String]) {
        var command = given
        while Self.wrappers.contains(command.name), command.words.count > 1 {
            command.words = Array(command.arguments.drop { $0.value.hasPrefix("-") || $0.value.contains("=") })
        }
        command.mayFail = command.separator == .alternative
        commands.append(command)
        guard Self.shells.contains(command.name), depth < Self.maximumDepth,
            let option = command.arguments.firstIndex(where: {
                $0.value.hasPrefix("-") && !$0.value.hasPrefix("--") && $0.value.hasSuffix("c")
            }), option + 1 < command.words.count
        else { return }
        commands.removeLast()
        let separator = command.separator
        let first = commands.count
        read(command.words[option + 1].value, depth: depth + 1, variables: variables)
        if first < commands.count, separator != .end { commands[commands.count - 1].separator = separator }
    }
}
