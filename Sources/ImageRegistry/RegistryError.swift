/// Why an image could not be had.
public struct RegistryError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The registry wants other credentials, or some at all.
        public static let unauthorized = Code(rawValue: "unauthorized")
        /// The image, or a piece of it, is not there.
        public static let notFound = Code(rawValue: "not-found")
        /// What came is not what its digest or its size promised.
        public static let mismatch = Code(rawValue: "mismatch")
        /// A document is larger than any honest one.
        public static let tooLarge = Code(rawValue: "too-large")
        /// A document is none of the image specification, or one that is too old.
        public static let malformed = Code(rawValue: "malformed")
        /// The image is not for the platform that is asked for.
        public static let platform = Code(rawValue: "platform")
        /// The registry cannot be reached, or gave an answer that is none.
        public static let unavailable = Code(rawValue: "unavailable")
        /// The registry took too long.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The credentials of this machine cannot be read.
        public static let credentials = Code(rawValue: "credentials")
        /// A file of this machine cannot be read or written.
        public static let inputOutput = Code(rawValue: "input-output")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and where.
    public var message: String
    /// What to do, in lines.
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
