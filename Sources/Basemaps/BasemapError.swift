/// Why a base image could not be found in the tables.
public struct BasemapError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The text is no image reference.
        public static let invalidReference = Code(rawValue: "invalid-reference")
        /// No table has a row for the image.
        public static let unknownBase = Code(rawValue: "unknown-base")
        /// The reference has a digest that no row lists.
        public static let unlistedDigest = Code(rawValue: "unlisted-digest")
        /// The row has no cell for the cloud.
        public static let noCell = Code(rawValue: "no-cell")
        /// The cell has nothing for the architecture.
        public static let otherArchitecture = Code(rawValue: "other-architecture")
        /// The row says that no machine can be made of the image.
        public static let refused = Code(rawValue: "refused")
        /// A table cannot be read.
        public static let invalidTable = Code(rawValue: "invalid-table")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and where.
    public var message: String
    /// What to do, in lines: such as the entry to add to a table, as YAML.
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
