/// Why a cloud driver could not do what it was asked.
public struct CloudError: Error, CustomStringConvertible {
    /// What kind of failure it was: an open set, so that a driver can have its own.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// This cloud, or this driver, cannot do that at all.
        public static let unsupported = Code(rawValue: "unsupported")
        /// Something that is needed on this machine or in this account is missing; the message says how to get it.
        public static let missingPrerequisite = Code(rawValue: "missing-prerequisite")
        /// The base image could not be had from any source.
        public static let baseUnavailable = Code(rawValue: "base-unavailable")
        /// The machine could not be started, or ended by itself.
        public static let launchFailed = Code(rawValue: "launch-failed")
        /// The machine did not reach the wished state in time.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The resource does not exist (any more).
        public static let notFound = Code(rawValue: "not-found")
        /// There is no room for what was to be written.
        public static let noSpace = Code(rawValue: "no-space")
        /// The capture failed; no image was made.
        public static let captureFailed = Code(rawValue: "capture-failed")
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
    public var description: String {
        cause.map { "\(message) [\($0)]" } ?? message
    }
}
