public import DockerfileChecks

/// What becomes of a Dockerfile on a machine, instruction by instruction.
public struct Explanation: Sendable, Hashable, Codable {
    /// What an instruction becomes.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// The image that the machine boots.
        case base
        /// Something that is done on the machine.
        case step
        /// What the steps after it, or all of the machine, are set to.
        case setting
        /// A unit that systemd starts.
        case service
        /// A unit that systemd starts again and again.
        case timer
        /// A directory that is there when the machine boots.
        case directory
        /// What the template's record says of itself.
        case tag
        /// It is written down, and does nothing.
        case record
        /// Nothing.
        case nothing
    }

    /// One instruction.
    public struct Line: Sendable, Hashable, Codable {
        /// The first line in the file.
        public var firstLine: Int
        /// The last line.
        public var lastLine: Int
        /// The stage's name, or its index.
        public var stage: String
        /// The instruction, secrets left out.
        public var text: String
        /// What it becomes.
        public var kind: Kind
        /// The number of the step.
        public var step: Int?
        /// What it does, in a sentence.
        public var effect: String
        /// What is different from a container, and why.
        public var differences: [String]
        /// What checks find.
        public var findings: [Finding]
    }

    /// The Dockerfile's path, as the user named it.
    public var path: String
    /// The image that the machine boots, in a few words; nil when there is none.
    public var base: String?
    /// Whether nothing stands in the way of a build, as far as the file tells.
    public var isReplayable: Bool
    /// The number of steps.
    public var stepCount: Int
    /// What the machine runs when it boots; nil when nothing is made of ENTRYPOINT and CMD.
    public var service: String?
    /// What is different everywhere.
    public var generalDifferences: [String]
    /// The instructions in the order of the file.
    public var lines: [Line]
    /// The commands that must succeed on a copy.
    public var tests: [String]
    /// What else there is to know about the whole.
    public var notices: [String]
}
