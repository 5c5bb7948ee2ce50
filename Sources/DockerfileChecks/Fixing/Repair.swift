internal import DockerfileLanguage

/// One repair of one finding.
struct Repair {
    private let finding: Finding
    private let range: SourceRange
    private let instruction: Instruction
    private let file: Dockerfile
    private let instructions: InstructionTable

    init?(_ finding: Finding, in file: Dockerfile, _ instructions: InstructionTable) {
        guard let range = finding.lines, let instruction = instructions[range.first] else { return nil }
        self.finding = finding
        self.range = range
        self.instruction = instruction
        self.file = file
        self.instructions = instructions
    }

    /// Changes the lines; false, and nothing is changed, when this cannot be repaired safely.
    @discardableResult
    func apply(to lines: inout SourceLines) -> Bool {
        switch (finding.rule, instruction) {
        case ("ConsistentInstructionCasing", _):
            let keyword = instruction.syntax.keyword
            let isLower = instructions.prefersLowercase
            return replaceFirst(keyword, with: isLower ? keyword.lowercased() : keyword.uppercased(), in: &lines)
        case ("FromAsCasing", .from(let from)):
            guard let word = from.asKeyword else { return false }
            let isLower = from.syntax.keyword == from.syntax.keyword.lowercased()
            return replaceLastWord(word, with: isLower ? word.lowercased() : word.uppercased(), in: &lines)
        case ("StageNameCasing", .from(let from)):
            guard let word = from.nameAsWritten else { return false }
            return replaceLastWord(word, with: word.lowercased(), in: &lines)
        case ("RedundantTargetPlatform", .from(let from)):
            guard let platform = from.platform else { return false }
            return removeWord("--platform=\(platform)", in: &lines)
        case ("NoEmptyContinuation", _): return removeBlankLines(&lines)
        case ("LegacyKeyValueFormat", .env(let env)): return writePairs(env.pairs, in: &lines)
        case ("LegacyKeyValueFormat", .label(let label)): return writePairs(label.pairs, in: &lines)
        case ("MaintainerDeprecated", .maintainer(let maintainer)): return writeLabel(maintainer.name, in: &lines)
        case ("JSONArgsRecommended", .cmd(let cmd)): return writeArray(cmd.command, in: &lines)
        case ("JSONArgsRecommended", .entrypoint(let entrypoint)): return writeArray(entrypoint.command, in: &lines)
        case ("ExposeProtoCasing", .expose(let expose)):
            return expose.ports.filter(Self.isLiteralPort).reduce(false) {
                replaceLastWord($1, with: $1.lowercased(), in: &lines) || $0
            }
        case ("ContainerPackageSettings", .run):
            guard let path = finding.highlight else { return false }
            return replaceFirst("rm \(path)", with: "rm -f \(path)", in: &lines)
        default: return false
        }
    }

    // MARK: Words

    private func replaceFirst(_ text: String, with other: String, in lines: inout SourceLines) -> Bool {
        for number in instruction.lines.first...instruction.lines.last {
            guard let place = lines[number].firstRange(of: text) else { continue }
            lines[number].replaceSubrange(place, with: other)
            return true
        }
        return false
    }

    /// The last place where a word stands alone between blanks.
    private func place(of word: String, in lines: SourceLines) -> (number: Int, range: Range<String.Index>)? {
        for number in (instruction.lines.first...instruction.lines.last).reversed() {
            let line = lines[number]
            let found = line.ranges(of: word).last { range in
                let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
                let after = range.upperBound == line.endIndex ? " " : line[range.upperBound]
                return before.isWhitespace && after.isWhitespace
            }
            if let found { return (number, found) }
        }
        return nil
    }

    private func replaceLastWord(_ word: String, with other: String, in lines: inout SourceLines) -> Bool {
        guard let place = place(of: word, in: lines) else { return false }
        lines[place.number].replaceSubrange(place.range, with: other)
        return true
    }

    private func removeWord(_ word: String, in lines: inout SourceLines) -> Bool {
        guard let place = place(of: word, in: lines) else { return false }
        let line = lines[place.number]
        let rest = line[place.range.upperBound...].drop { $0 == " " || $0 == "\t" }
        lines[place.number] = String(line[..<place.range.lowerBound] + rest)
        return true
    }

    /// A literal port with a protocol of letters.
    private static func isLiteralPort(_ word: String) -> Bool {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].allSatisfy { $0.isNumber || $0 == "-" } && parts[1].allSatisfy(\.isLetter)
    }

    /// Blank lines between the first line of the instruction and the last one before its heredocs.
    private func removeBlankLines(_ lines: inout SourceLines) -> Bool {
        let numbers = (instruction.lines.first...range.first).filter { lines[$0].allSatisfy(\.isWhitespace) }
        for number in numbers.reversed() { lines.remove(number) }
        return !numbers.isEmpty
    }

    // MARK: Whole instructions

    /// Writes an instruction of one line anew.
    private func write(_ arguments: String, keyword: String? = nil, in lines: inout SourceLines) -> Bool {
        guard instruction.lines.first == instruction.lines.last else { return false }
        let number = instruction.lines.first
        let indent = lines[number].prefix(while: \.isWhitespace)
        lines[number] = String(indent) + (keyword ?? instruction.syntax.keyword) + " " + arguments
        return true
    }

    /// `NAME VALUE` as `NAME=VALUE`. What is quoted or escaped in the value would mean something else then.
    private func writePairs(_ pairs: [NameAndValue], in lines: inout SourceLines) -> Bool {
        guard pairs.count == 1, let pair = pairs.first, pair.isLegacyForm else { return false }
        let hard = Set("\"'\\`\(file.escapeToken.rawValue)")
        guard !pair.value.contains(where: { hard.contains($0) || $0.isNewline }),
            !pair.name.contains(where: hard.contains)
        else { return false }
        let isPlain = !pair.value.contains(where: \.isWhitespace)
        return write("\(pair.name)=\(isPlain ? pair.value : "\"\(pair.value)\"")", in: &lines)
    }

    private func writeLabel(_ name: String, in lines: inout SourceLines) -> Bool {
        let escape = Character(file.escapeToken.rawValue)
        var quoted = ""
        for character in name {
            if "\"$".contains(character) || character == escape { quoted.append(escape) }
            quoted.append(character)
        }
        let isLower = instruction.syntax.keyword == instruction.syntax.keyword.lowercased()
        return write(
            "org.opencontainers.image.authors=\"\(quoted)\"", keyword: isLower ? "label" : "LABEL", in: &lines)
    }

    /// A shell form whose words no shell would change, where no other instruction depends on the form: ENTRYPOINT in
    /// shell form does not see CMD, and one in JSON form is given CMD's words.
    private func writeArray(_ command: CommandLine, in lines: inout SourceLines) -> Bool {
        let isAlone =
            switch instruction {
            case .cmd: !instructions.hasEntrypoint
            default: !instructions.hasCommand
            }
        guard isAlone, case .shell(let text) = command else { return false }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let first = words.first, !Self.shellWords.contains(first), !first.contains("="),
            text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_./:@%+,=- ".contains($0)) })
        else { return false }
        return write("[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]", in: &lines)
    }

    /// Words that only a shell understands: POSIX, Shell Command Language, 2.4 and 2.14, and the usual built-in utilities.
    private static let shellWords: Set = [
        ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "eval", "exec", "exit", "export",
        "fc",
        "fg", "for", "getopts", "hash", "if", "jobs", "local", "read", "readonly", "return", "set", "shift", "source",
        "times", "trap", "type", "ulimit", "umask", "unalias", "unset", "until", "wait", "while",
    ]
}
