/// `ONBUILD INSTRUCTION`: executed by the stages that build on the image.
public struct OnBuildInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The instruction's text, heredoc bodies added: what an image's configuration holds.
    /// ``DockerfileParser/parseTrigger(_:at:)`` reads it. It may be an unknown instruction: that fails only then.
    public var trigger: String
}
