/// Why a connection could not be opened, or a command not be run over it.
public struct SSHError: Error, CustomStringConvertible {
    /// What kind of failure it was. An open set: match the ones that matter and treat others as a lost connection.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Nobody listens at the address. Heals while a machine boots.
        public static let connectionRefused = Code(rawValue: "connection-refused")
        /// The host name or address leads nowhere, or nobody answers there. Heals while a machine boots.
        public static let unreachable = Code(rawValue: "unreachable")
        /// A server that had introduced itself did not answer in time, or no address was known until the deadline.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The server ended the connection before it sent its banner: it starts, or it punishes this address.
        public static let closedBeforeBanner = Code(rawValue: "closed-before-banner")
        /// Connections are accepted, and nothing comes. Heals while a machine boots.
        public static let noBanner = Code(rawValue: "no-banner")
        /// Something that is not an SSH server answered.
        public static let notAnSSHServer = Code(rawValue: "not-an-ssh-server")
        /// Client and server have no algorithm in common; the message names which. Permanent.
        public static let noCommonAlgorithm = Code(rawValue: "no-common-algorithm")
        /// The key exchange failed for another reason.
        public static let keyExchangeFailed = Code(rawValue: "key-exchange-failed")
        /// The server proved another host key than the pinned one. Nothing was sent to it. Permanent.
        public static let hostKeyMismatch = Code(rawValue: "host-key-mismatch")
        /// The server refused the user's key. Heals while a machine installs it.
        public static let authenticationFailed = Code(rawValue: "authentication-failed")
        /// A key is damaged, or of a kind that cannot be used. Permanent.
        public static let unusableKey = Code(rawValue: "unusable-key")
        /// The server refused to run the command.
        public static let commandRefused = Code(rawValue: "command-refused")
        /// The command line is longer than the protocol library can send.
        public static let commandTooLong = Code(rawValue: "command-too-long")
        /// The connection broke, or its peer is dead.
        public static let lost = Code(rawValue: "lost")
        /// The connection was closed by this side.
        public static let closed = Code(rawValue: "closed")
        /// The task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The machine itself ended while a connection to it was waited for. Permanent.
        public static let machineGone = Code(rawValue: "machine-gone")
        /// This machine could not give what was needed: descriptors or memory.
        public static let noResources = Code(rawValue: "no-resources")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, where, and what to do.
    public var message: String
    /// Further lines that help, such as the server's algorithms.
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

    /// Whether trying again cannot help.
    public var isPermanent: Bool {
        switch code {
        case .noCommonAlgorithm, .hostKeyMismatch, .unusableKey, .machineGone, .cancelled, .closed: true
        default: false
        }
    }
}
