/// What to fetch.
public struct HTTPRequest: Sendable, Hashable {
    /// An `http:` or `https:` URL.
    public var url: String
    /// Header fields besides those that the library sends by itself.
    public var headers: [HTTPHeader]
    /// What is sent along, by `POST`.
    public var body: [UInt8]?

    /// Makes a request: a `GET`, until it gets a body.
    public init(_ url: String, headers: [HTTPHeader] = []) {
        self.url = url
        self.headers = headers
    }

    /// The URL without user, password, query and fragment: what may be shown.
    public var displayURL: String {
        var text = Substring(url)
        if let end = text.firstIndex(where: { $0 == "?" || $0 == "#" }) { text = text[..<end] }
        guard let scheme = text.firstRange(of: "://") else { return String(text) }
        let authorityEnd = text[scheme.upperBound...].firstIndex(of: "/") ?? text.endIndex
        guard let at = text[scheme.upperBound..<authorityEnd].lastIndex(of: "@") else { return String(text) }
        return String(text[..<scheme.upperBound] + text[text.index(after: at)...])
    }
}

/// One header field.
public struct HTTPHeader: Sendable, Hashable {
    /// The name, in any case.
    public var name: String
    /// The value.
    public var value: String

    /// Makes a header field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What the server answered.
public struct HTTPResponse: Sendable, Hashable {
    /// The status: 200–399, since others are errors.
    public var status: Int
    /// The header fields of the last response, after redirects, in order.
    public var headers: [HTTPHeader]
    /// The body; empty when it went to a file.
    public var body: [UInt8]

    /// The value of the first header field of this name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// How far a transfer is.
public struct HTTPProgress: Sendable, Hashable {
    /// Bytes that are here, those from before a resume included.
    public var received: Int64
    /// Bytes in all; nil while the server has not said.
    public var total: Int64?

    /// Makes a value.
    public init(received: Int64, total: Int64?) {
        self.received = received
        self.total = total
    }
}

/// How long a client waits, and for what.
public struct HTTPLimits: Sendable, Hashable {
    /// How long a connection may take to come about.
    public var connect: Duration
    /// How long a transfer may stay below one byte a second.
    public var stall: Duration
    /// How many redirects are followed.
    public var redirects: Int

    /// Makes limits: 10 s to connect, 30 s without a byte, 5 redirects.
    public init(connect: Duration = .seconds(10), stall: Duration = .seconds(30), redirects: Int = 5) {
        self.connect = connect
        self.stall = stall
        self.redirects = redirects
    }
}
