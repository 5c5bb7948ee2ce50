internal import DockerfileLanguage

/// The instructions of a file by their lines, and what is asked about all of them.
final class InstructionTable: Sendable {
    private let instructions: [Instruction]
    /// Whether most keywords are in lower case.
    let prefersLowercase: Bool
    /// Whether there is an ENTRYPOINT.
    let hasEntrypoint: Bool
    /// Whether there is a CMD.
    let hasCommand: Bool

    init(_ file: Dockerfile) {
        instructions =
            file.globalArguments.map(Instruction.arg)
            + file.stages.flatMap { [Instruction.from($0.from)] + $0.instructions }
        prefersLowercase = DockerfileLinter.prefersLowercase(file.stages)
        hasEntrypoint = instructions.contains { if case .entrypoint = $0 { true } else { false } }
        hasCommand = instructions.contains { if case .cmd = $0 { true } else { false } }
    }

    /// The instruction that stands at a line: they are in the order of the lines.
    subscript(line: Int) -> Instruction? {
        var (low, high) = (0, instructions.count)
        while low < high {
            let middle = (low + high) / 2
            if instructions[middle].lines.last < line { low = middle + 1 } else { high = middle }
        }
        guard low < instructions.count, instructions[low].lines.first <= line else { return nil }
        return instructions[low]
    }
}
