/// Why the supervisor on the guest could not do what it was asked.
public struct GuestSupervisorError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The supervisor did not start: no sudo, no room, no shell.
        public static let startFailed = Code(rawValue: "start-failed")
        /// The connection was lost and did not come back in time.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// The machine restarted although nobody had asked for it.
        public static let rebooted = Code(rawValue: "rebooted")
        /// The guest does not know what another process has already seen of it.
        public static let stateLost = Code(rawValue: "state-lost")
        /// An earlier step failed or was cancelled, so this one was never started.
        public static let notStarted = Code(rawValue: "not-started")
        /// An upload could not be stored on the guest.
        public static let uploadFailed = Code(rawValue: "upload-failed")
        /// The guest said something that this version does not understand, or cannot go on.
        public static let protocolViolation = Code(rawValue: "protocol-violation")
        /// The conversation was ended from this side.
        public static let closed = Code(rawValue: "closed")
        /// An answer did not come in time.
        public static let timedOut = Code(rawValue: "timed-out")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and what to do.
    public var message: String
    /// Further lines that help, such as what the guest wrote.
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
