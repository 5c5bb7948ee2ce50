/// Why an archive could not be written or read.
public struct ArchiveError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// An entry cannot be stored: a name that the format has no room for, a negative size.
        public static let invalidEntry = Code(rawValue: "invalid-entry")
        /// A file gave fewer bytes than its entry says: it changed while it was read.
        public static let contentChanged = Code(rawValue: "content-changed")
        /// The bytes are no archive that can be read here, or a broken one.
        public static let malformed = Code(rawValue: "malformed")
        /// A file could not be opened, read or written.
        public static let inputOutput = Code(rawValue: "input-output")
        /// The archive library refused to work.
        public static let library = Code(rawValue: "library")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and where.
    public var message: String
    /// Further lines that help.
    public var context: [String]
    /// The error below this one.
    public var cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, context: [String] = [], cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.context = context
        self.cause = cause
    }

    /// The sentence, and the cause in brackets.
    public var description: String {
        cause.map { "\(message) [\($0)]" } ?? message
    }
}
