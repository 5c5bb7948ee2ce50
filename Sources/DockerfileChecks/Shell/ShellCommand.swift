/// A word of a shell command.
struct ShellWord: Hashable {
    /// As it stands in the text, quotes and variables included: what a caret can point at.
    var raw: String
    /// Without quotes and escapes; variables that are known have their values, others stand as they are written.
    var value: String
}

/// One simple command of a shell text: what would be executed, as far as that can be told from the text alone.
struct ShellCommand: Hashable {
    /// How a command is followed by the next one.
    enum Separator: Hashable {
        /// `;`, a line end, `&&` or the end of a block: another one comes after it.
        case sequence
        /// `||`: the next one comes only when this one fails.
        case alternative
        /// `|`
        case pipe
        /// `&`
        case background
        /// Nothing comes after it.
        case end
    }

    /// The program and its arguments; programs that only run others (`sudo`, `env` …) are left out.
    var words: [ShellWord]
    /// The files that the command's output goes to, by `>` and `>>`.
    var outputs: [ShellWord] = []
    /// What follows.
    var separator = Separator.end
    /// Whether its failure does not matter, as `|| true` or the like follows.
    var mayFail = false

    /// The program's name without its directory.
    var name: String {
        let program = words.first?.value ?? ""
        guard let slash = program.utf8.lastIndex(of: UInt8(ascii: "/")) else { return program }
        return String(program[program.index(after: slash)...])
    }

    /// The words after the program.
    var arguments: ArraySlice<ShellWord> { words.dropFirst() }

    /// The arguments that are no options.
    var operands: [ShellWord] { arguments.filter { !$0.value.hasPrefix("-") } }

    /// Whether one of these options is given, alone or among short ones written together (`-rf`).
    func has(option names: String...) -> Bool {
        arguments.contains { word in
            names.contains { name in
                if word.value == name || word.value.hasPrefix(name + "=") { return true }
                guard name.count == 2, name.hasPrefix("-"), word.value.hasPrefix("-"), !word.value.hasPrefix("--"),
                    let letter = name.last
                else { return false }
                return word.value.dropFirst().contains(letter)
            }
        }
    }

    /// The value of an option: `-u 5`, `-u5`, `--uid 5` or `--uid=5`.
    func value(of names: String...) -> ShellWord? {
        for (index, word) in words.enumerated().dropFirst() {
            for name in names {
                if word.value == name { return index + 1 < words.count ? words[index + 1] : nil }
                if name.hasPrefix("--"), word.value.hasPrefix(name + "=") {
                    return ShellWord(raw: word.raw, value: String(word.value.dropFirst(name.count + 1)))
                }
                if !name.hasPrefix("--"), word.value.hasPrefix(name), word.value.count > name.count {
                    return ShellWord(raw: word.raw, value: String(word.value.dropFirst(name.count)))
                }
            }
        }
        return nil
    }
}
