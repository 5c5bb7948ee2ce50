/// Why the store could not do what it was asked.
public struct StoreError: Error, CustomStringConvertible {
    /// What kind of failure it was: an open set.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The directories or the database cannot be made or opened.
        public static let unavailable = Code(rawValue: "unavailable")
        /// A newer `replay` has changed the database's layout.
        public static let tooNew = Code(rawValue: "too-new")
        /// The database's file, or a template's, is not what it was.
        public static let damaged = Code(rawValue: "damaged")
        /// Another `replay` kept the database locked for too long.
        public static let busy = Code(rawValue: "busy")
        /// There is no room on the disk.
        public static let noSpace = Code(rawValue: "no-space")
        /// There is no such build, entry or template.
        public static let notFound = Code(rawValue: "not-found")
        /// Somebody uses the template or owns the build.
        public static let inUse = Code(rawValue: "in-use")
        /// The build has ended.
        public static let over = Code(rawValue: "over")
        /// The text is no template name.
        public static let invalidName = Code(rawValue: "invalid-name")
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
