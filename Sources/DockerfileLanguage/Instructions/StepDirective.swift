/// What a `# replay:` comment above an instruction says about it.
public struct StepDirective: Sendable, Hashable {
    /// The kinds.
    public enum Kind: Sendable, Hashable {
        /// `# replay: reboot`: the machine restarts before the instruction.
        case reboot
        /// `# replay: timeout=10m`: the instruction may take so many seconds.
        case timeout(seconds: Int)
    }

    /// What it says.
    public var kind: Kind
    /// Its own line, counted from 1.
    public var line: Int
    /// The lines of the instruction that it is about.
    public var instruction: SourceRange

    /// Makes a directive.
    public init(kind: Kind, line: Int, instruction: SourceRange) {
        self.kind = kind
        self.line = line
        self.instruction = instruction
    }
}

extension StepDirective {
    /// The instructions that do something on a machine.
    private static let steps: Set<String> = ["run", "copy", "add", "workdir"]

    /// The directives of a file; those about steps only.
    static func all(in tree: SyntaxTree) throws(DockerfileError) -> [StepDirective] {
        var directives: [StepDirective] = []
        for comment in tree.replayDirectives {
            guard let kind = try kind(of: comment) else { continue }
            let next = tree.nodes.first { ($0.range?.first ?? 0) > comment.line }
            guard let next, let range = next.range, steps.contains(next.name.lowercased()) else {
                throw DockerfileError(
                    .directive,
                    "'# replay: \(comment.name)' must stand above the RUN, COPY, ADD or WORKDIR that it is about",
                    at: [SourceRange(line: comment.line)])
            }
            directives.append(StepDirective(kind: kind, line: comment.line, instruction: range))
        }
        return directives
    }

    private static func kind(of comment: ReplayDirective) throws(DockerfileError) -> Kind? {
        let words = comment.name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        switch words.first {
        case "reboot" where words.count == 1 && comment.value.isEmpty: return .reboot
        case "reboot":
            throw DockerfileError(
                .directive, "'# replay: reboot' takes no value", at: [SourceRange(line: comment.line)])
        case "timeout":
            guard words.count == 2, comment.value.isEmpty, let seconds = TimeLimit.seconds(String(words[1])) else {
                throw DockerfileError(
                    .directive, "'# replay: timeout' needs a duration: # replay: timeout=10m, 90s, 1h30m",
                    at: [SourceRange(line: comment.line)])
            }
            return .timeout(seconds: seconds)
        default: return nil
        }
    }
}

/// Durations as people write them: `90`, `90s`, `10m`, `1h30m`.
public enum TimeLimit {
    /// The duration in seconds; nil for what is none, or is zero or longer than a hundred days.
    public static func seconds(_ text: String) -> Int? {
        if let seconds = Int(text), text.allSatisfy(\.isASCIIDigit) { return isSensible(seconds) ? seconds : nil }
        var total = 0
        var digits = ""
        var units = Substring("hms")
        for character in text {
            if character.isASCIIDigit {
                digits.append(character)
                continue
            }
            // Each unit once, the larger ones first.
            guard let place = units.firstIndex(of: character), let number = Int(digits), number <= 1_000_000 else {
                return nil
            }
            total += number * (character == "h" ? 3600 : character == "m" ? 60 : 1)
            units = units[units.index(after: place)...]
            digits = ""
        }
        return digits.isEmpty && isSensible(total) ? total : nil
    }

    private static func isSensible(_ seconds: Int) -> Bool { (1...8_640_000).contains(seconds) }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
