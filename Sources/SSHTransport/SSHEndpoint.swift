/// Where a server listens.
public struct SSHEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A host name or an IP address.
    public var host: String
    /// The TCP port.
    public var port: Int

    /// Makes an endpoint.
    public init(host: String, port: Int = 22) {
        self.host = host
        self.port = port
    }

    /// Host and port, as in `example.org:22` or `[::1]:22`.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
