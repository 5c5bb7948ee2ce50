/// Why a build context could not be read.
public struct ContextError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// There is no such directory.
        public static let notFound = Code(rawValue: "not-found")
        /// A file or directory cannot be read.
        public static let unreadable = Code(rawValue: "unreadable")
        /// The ignore file is not valid.
        public static let ignoreFile = Code(rawValue: "ignore-file")
        /// A file is not what it was when the context was scanned.
        public static let changed = Code(rawValue: "changed")
        /// An archive that ADD unpacks is broken, or holds what cannot be put on a machine.
        public static let archive = Code(rawValue: "archive")
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
    public var description: String {
        cause.map { "\(message) [\($0)]" } ?? message
    }
}
