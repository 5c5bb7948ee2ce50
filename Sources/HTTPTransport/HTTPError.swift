/// Why an HTTP request failed.
public struct HTTPError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The address is no URL of http or https.
        public static let invalidURL = Code(rawValue: "invalid-url")
        /// The server's name does not resolve, or nobody answers there.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The server's certificate is not trusted, or no secure connection came about.
        public static let insecure = Code(rawValue: "insecure")
        /// The server answered with a status of 400 or above; see ``HTTPError/status``.
        public static let status = Code(rawValue: "status")
        /// More redirects than are followed, or one to where none is followed.
        public static let redirect = Code(rawValue: "redirect")
        /// The connection was open but gave too little for too long.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The connection ended before the body was complete.
        public static let truncated = Code(rawValue: "truncated")
        /// The body is larger than the caller allows.
        public static let tooLarge = Code(rawValue: "too-large")
        /// The server's answer breaks the protocol.
        public static let malformed = Code(rawValue: "malformed")
        /// The local file could not be written.
        public static let inputOutput = Code(rawValue: "input-output")
        /// The HTTP library refused to work.
        public static let library = Code(rawValue: "library")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed, and where. It holds no password and no query of the URL.
    public var message: String
    /// Further lines that help, such as the beginning of what the server said.
    public var context: [String]
    /// The error below this one.
    public var cause: (any Error)?
    /// The HTTP status, when the server gave one.
    public var status: Int?
    /// The header fields that came with the status: a challenge, a time to wait.
    public var headers: [HTTPHeader]

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, context: [String] = [], cause: (any Error)? = nil, status: Int? = nil,
        headers: [HTTPHeader] = []
    ) {
        self.code = code
        self.message = message
        self.context = context
        self.cause = cause
        self.status = status
        self.headers = headers
    }

    /// The sentence, and the cause in brackets.
    public var description: String {
        cause.map { "\(message) [\($0)]" } ?? message
    }

    /// Whether the same request may well succeed if it is repeated soon.
    public var isTransient: Bool {
        switch code {
        case .truncated, .timedOut: true
        case .status: status.map { [408, 429, 500, 502, 503, 504].contains($0) } ?? false
        default: false
        }
    }
}
