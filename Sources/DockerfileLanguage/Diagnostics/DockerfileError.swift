/// Why a Dockerfile, a word of it or an ignore file is not valid.
public struct DockerfileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was: an open set, so that the planner can have its own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The file has no bytes.
        public static let emptyFile = Code(rawValue: "empty-file")
        /// The text cannot be split into instructions and arguments.
        public static let syntax = Code(rawValue: "syntax")
        /// A parser directive is wrong or stands twice.
        public static let directive = Code(rawValue: "directive")
        /// A heredoc has no end.
        public static let unterminatedHeredoc = Code(rawValue: "unterminated-heredoc")
        /// No such instruction.
        public static let unknownInstruction = Code(rawValue: "unknown-instruction")
        /// The instruction has no such flag, or the flag's value is wrong.
        public static let flag = Code(rawValue: "flag")
        /// The instruction's arguments are wrong.
        public static let arguments = Code(rawValue: "arguments")
        /// Stages are missing, or an instruction stands before the first one.
        public static let stage = Code(rawValue: "stage")
        /// A `--mount` is wrong.
        public static let mount = Code(rawValue: "mount")
        /// A word cannot be expanded.
        public static let expansion = Code(rawValue: "expansion")
        /// Something is longer, deeper or more than this implementation handles.
        public static let limit = Code(rawValue: "limit")
        /// A pattern of an ignore file or of `--exclude` is wrong.
        public static let pattern = Code(rawValue: "pattern")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what is wrong, and what to do where that is not plain.
    public var message: String
    /// The lines that it is about; empty when it is about the whole file, or about a word whose place the thrower
    /// did not know (see ``located(at:)``).
    public var ranges: [SourceRange]
    /// The piece of source text that is wrong, as it stands in the file: the caret points at it.
    public var highlight: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, at ranges: [SourceRange] = [], highlight: String? = nil) {
        self.code = code
        self.message = message
        self.ranges = ranges
        self.highlight = highlight
    }

    /// The same error with these lines, if it has none yet.
    public func located(at range: SourceRange) -> DockerfileError {
        guard ranges.isEmpty else { return self }
        var error = self
        error.ranges = [range]
        return error
    }

    /// The message, with the first line in front where it is known.
    public var description: String {
        ranges.first.map { "line \($0.first): \(message)" } ?? message
    }
}
