/// Why a FROM does not lead to a cloud image.
public struct ResolutionError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The chain comes back to an image that it has passed, or has no end.
        public static let cycle = Code(rawValue: "cycle")
        /// The image says neither what it was made from nor what system it is.
        public static let unknownSystem = Code(rawValue: "unknown-system")
        /// No basemap has a row for the image's system.
        public static let unlistedSystem = Code(rawValue: "unlisted-system")
        /// A link of the chain cannot be read.
        public static let link = Code(rawValue: "link")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and at which link.
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
