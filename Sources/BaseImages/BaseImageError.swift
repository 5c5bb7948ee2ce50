/// Why a base image could not be had.
public struct BaseImageError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No source gave the image; the context says for each one why.
        public static let unavailable = Code(rawValue: "unavailable")
        /// The source cannot be reached from here.
        public static let unreachable = Code(rawValue: "unreachable")
        /// What came is not what the publisher's checksum file promises, or the file promises nothing.
        public static let wrongChecksum = Code(rawValue: "wrong-checksum")
        /// A program or a right that is needed on this machine is missing; the message says how to get it.
        public static let missingPrerequisite = Code(rawValue: "missing-prerequisite")
        /// A recipe failed; the context has its last lines.
        public static let recipeFailed = Code(rawValue: "recipe-failed")
        /// There is no room for the image.
        public static let noSpace = Code(rawValue: "no-space")
        /// The cache directory cannot be used.
        public static let inputOutput = Code(rawValue: "input-output")
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
