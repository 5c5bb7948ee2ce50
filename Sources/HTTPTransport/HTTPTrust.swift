public import SystemPackage

/// Whose TLS certificates a client accepts. There is no way to accept any.
public enum HTTPTrust: Sendable, Hashable {
    /// Those of the system's authorities.
    case system
    /// Those of the authorities in a PEM file.
    case authorities(FilePath)
    /// Any certificate of this one public key, whatever its names and dates: base64 of the SHA-256 of the key as the
    /// certificate has it (RFC 7469 section 2.4).
    case pinned(publicKeyDigest: String)
}
