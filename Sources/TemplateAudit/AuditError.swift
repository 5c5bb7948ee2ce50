/// Why a disk could not be audited. A broken rule is no error: it is a finding.
public struct AuditError: Error, CustomStringConvertible {
    /// What kind of failure it was: an open set.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The disk has no file system that this module reads without booting it.
        public static let unknownFileSystem = Code(rawValue: "unknown-file-system")
        /// A program that reads the disk is not installed.
        public static let missingPrerequisite = Code(rawValue: "missing-prerequisite")
        /// The disk, or what is on it, could not be read.
        public static let unreadable = Code(rawValue: "unreadable")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and what to do.
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
    public var description: String { cause.map { "\(message) [\($0)]" } ?? message }
}
