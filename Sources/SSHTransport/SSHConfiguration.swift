/// Limits of one connection. The defaults are right for machines across a room or an ocean.
public struct SSHConfiguration: Sendable {
    /// How long a TCP connection to one address may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a server may take to send its banner, once connected.
    public var bannerTimeout: Duration = .seconds(20)
    /// How long key exchange, login, and the start of a command may take, each.
    public var stepTimeout: Duration = .seconds(30)
    /// After how much silence the server is asked for a sign of life.
    public var keepaliveInterval: Duration = .seconds(15)
    /// After how much silence, in spite of the asking, the connection counts as lost.
    public var silenceLimit: Duration = .seconds(50)
    /// How many bytes a command may have written before this side has read them. Throughput over a distance is this
    /// divided by the round trip. sshd buffers as much for a reader that is slower than the command, and needs two to
    /// three times the time for 32 MiB that it needs for 8.
    public var receiveWindow: UInt32 = 8 << 20

    /// Makes the default limits.
    public init() {}
}
