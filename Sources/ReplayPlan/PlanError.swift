internal import DockerfileLanguage

/// Why no plan could be made of a Dockerfile.
public struct PlanError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was: an open set.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The Dockerfile itself is wrong: a word, a mount, a trigger. The message is the language's own.
        public static let dockerfile = Code(rawValue: "dockerfile")
        /// A stage, a target or an index does not exist, comes too late, or depends on itself.
        public static let stage = Code(rawValue: "stage")
        /// A base or an image has no name, or one that is no image reference.
        public static let reference = Code(rawValue: "reference")
        /// A platform is no platform, or not the machine's.
        public static let platform = Code(rawValue: "platform")
        /// An argument of an instruction has a wrong value once it is expanded.
        public static let argument = Code(rawValue: "argument")
        /// A COPY or ADD names something that the build context does not have.
        public static let sourceMissing = Code(rawValue: "source-missing")
        /// A COPY or ADD names something that cannot be put on a machine.
        public static let sourceUnsuitable = Code(rawValue: "source-unsuitable")
        /// What an ADD names on the network could not be had, or is not what its checksum says.
        public static let download = Code(rawValue: "download")
        /// Several sources go to a destination that is not said to be a directory.
        public static let ambiguousDestination = Code(rawValue: "ambiguous-destination")
        /// Warnings that `check=error=true` makes errors.
        public static let lint = Code(rawValue: "lint")
        /// A RUN restarts the machine where that cannot be waited for.
        public static let restart = Code(rawValue: "restart")
        /// Valid, but not supported on a machine so far.
        public static let unsupported = Code(rawValue: "unsupported")
        /// The context manifest was not completed with what ``Planner/contextNeeds(base:manifest:)`` asked for.
        public static let incompleteManifest = Code(rawValue: "incomplete-manifest")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what is wrong, and what to do where that is not plain.
    public var message: String
    /// The lines that it is about; empty when it is about the whole file.
    public var lines: [LineRange]
    /// The piece of source text that is wrong, as it stands in the file: the caret points at it.
    public var highlight: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, lines: [LineRange] = [], highlight: String? = nil) {
        self.code = code
        self.message = message
        self.lines = lines
        self.highlight = highlight
    }

    /// The language's error as the planner's, at these lines when it has none.
    init(_ error: DockerfileError, at lines: SourceRange?) {
        self.init(
            .dockerfile, error.message,
            lines: (error.ranges.isEmpty ? lines.map { [$0] } ?? [] : error.ranges).map(LineRange.init),
            highlight: error.highlight)
    }

    /// The same error with these lines, if it has none yet.
    func located(at lines: SourceRange) -> PlanError {
        guard self.lines.isEmpty else { return self }
        var error = self
        error.lines = [LineRange(lines)]
        return error
    }

    /// The message, with the first line in front where it is known.
    public var description: String {
        lines.first.map { "line \($0.first): \(message)" } ?? message
    }
}

extension LineRange {
    /// The language's range as a plan's.
    init(_ range: SourceRange) { self.init(first: range.first, last: range.last) }
}

/// Runs a body of the language and makes its errors the planner's, at these lines.
func planning<Value>(
    at lines: SourceRange, _ body: () throws(DockerfileError) -> Value
) throws(PlanError) -> Value {
    do {
        return try body()
    } catch {
        throw PlanError(error, at: lines)
    }
}
