/// Why a template cannot be used. What the store refuses (no such template, in use) it says itself: `StoreError`.
public struct TemplateError: Error, CustomStringConvertible {
    /// What kind of failure it was: an open set.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The text of `template.json` cannot be read.
        public static let unreadableRecord = Code(rawValue: "unreadable-record")
        /// The image's file is gone, or is not as long as it was.
        public static let imageDamaged = Code(rawValue: "image-damaged")
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
