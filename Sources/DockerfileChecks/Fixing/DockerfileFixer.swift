internal import DockerfileLanguage

/// Repairs what can be repaired without a decision: the text changes, what the file means does not.
///
/// A repair after which the file could not be parsed, or had another number of instructions, is not made.
public enum DockerfileFixer {
    /// The repaired text; the same bytes when there is nothing to repair.
    /// - Parameters:
    ///   - bytes: The text.
    ///   - check: Answers what is found in a text: one repair may make another one possible.
    public static func fixed(_ bytes: [UInt8], check: ([UInt8]) -> CheckedDockerfile) -> [UInt8] {
        // Text that is no UTF-8 would not come out as it went in.
        guard String(validating: bytes, as: UTF8.self) != nil else { return bytes }
        var text = bytes
        for _ in 0..<maximumRounds {
            let checked = check(text)
            guard let file = checked.dockerfile else { return text }
            let changed = round(text, checked.findings.filter { Rule.named($0.rule)?.isFixable == true }, file)
            if changed == text { return text }
            text = changed
        }
        return text
    }

    private static let maximumRounds = 4

    /// One repair for each finding. Those that take lines out come last, from the end, so that line numbers hold.
    private static func round(_ bytes: [UInt8], _ findings: [Finding], _ file: Dockerfile) -> [UInt8] {
        var lines = SourceLines(bytes)
        let ordered =
            findings.filter { $0.rule != "NoEmptyContinuation" }
            + findings.filter { $0.rule == "NoEmptyContinuation" }.reversed()
        let instructions = InstructionTable(file)
        let repairs = ordered.compactMap { Repair($0, in: file, instructions) }
        apply(repairs[...], to: &lines, count: instructionCount(file))
        return lines.bytes
    }

    /// All at once, and when that makes no good file, one half after the other: a repair that does harm is found in few steps.
    private static func apply(_ repairs: ArraySlice<Repair>, to lines: inout SourceLines, count: Int) {
        guard !repairs.isEmpty else { return }
        var changed = lines
        for repair in repairs { repair.apply(to: &changed) }
        guard changed != lines else { return }
        if let result = try? DockerfileParser.parse(changed.bytes), instructionCount(result) == count {
            lines = changed
        } else if repairs.count > 1 {
            let middle = repairs.startIndex + repairs.count / 2
            apply(repairs[..<middle], to: &lines, count: count)
            apply(repairs[middle...], to: &lines, count: count)
        }
    }

    private static func instructionCount(_ file: Dockerfile) -> Int {
        file.globalArguments.count + file.stages.reduce(0) { $0 + 1 + $1.instructions.count }
    }
}

/// The lines of a text, each with its line end.
struct SourceLines: Equatable {
    private(set) var lines: [String] = []

    init(_ bytes: [UInt8]) {
        var line: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            if byte == UInt8(ascii: "\n") {
                lines.append(String(decoding: line, as: UTF8.self))
                line = []
            }
        }
        if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
    }

    var bytes: [UInt8] { lines.flatMap { Array($0.utf8) } }

    /// The text of a line, counted from 1, without its line end.
    subscript(number: Int) -> String {
        get { lines.indices.contains(number - 1) ? String(lines[number - 1].prefix { !$0.isNewline }) : "" }
        set {
            guard lines.indices.contains(number - 1) else { return }
            let end = lines[number - 1].drop { !$0.isNewline }
            lines[number - 1] = newValue + end
        }
    }

    /// Takes a line out.
    mutating func remove(_ number: Int) {
        if lines.indices.contains(number - 1) { lines.remove(at: number - 1) }
    }
}
