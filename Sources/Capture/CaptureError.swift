/// Why a machine could not be sealed, or why what was captured is no template.
public struct CaptureError: Error, CustomStringConvertible {
    /// What kind of failure it was: an open set.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The seal script could not be started, or said that one of its steps failed.
        public static let sealFailed = Code(rawValue: "seal-failed")
        /// The captured disk breaks a rule of the audit.
        public static let auditFailed = Code(rawValue: "audit-failed")
        /// A copy of the template is not as it must be.
        public static let verifyFailed = Code(rawValue: "verify-failed")
        /// The machine did not power off by itself in time, or ended in another way.
        public static let notStopped = Code(rawValue: "not-stopped")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and what to do.
    public var message: String
    /// Further lines that help, such as the console's last ones.
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
