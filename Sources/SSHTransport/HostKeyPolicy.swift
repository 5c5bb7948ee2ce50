/// How a server proves that it is the right one.
///
/// There is no trust on first use: the key is known before the first connection.
public enum HostKeyPolicy: Sendable, Hashable {
    /// Only a server with this host key is talked to. Its type is the only one that is negotiated.
    case pinned(SSHPublicKey)
}
