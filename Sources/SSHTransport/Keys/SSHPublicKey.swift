import Crypto
import FoundationEssentials

/// A public key: a machine's host key, or a user's.
public struct SSHPublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The key's type, such as `ssh-ed25519` or `ecdsa-sha2-nistp256`.
    public let algorithm: String
    /// The key as it travels (RFC 4253 section 6.6).
    public let blob: [UInt8]
    /// The words after the key. No part of the key's identity.
    public let comment: String

    /// Reads a line as `authorized_keys` and the `.pub` files have it: type, base64, comment.
    /// - Throws: ``SSHError`` with the code `.unusableKey`.
    public init(_ line: String) throws {
        let words = line.split(maxSplits: 2, omittingEmptySubsequences: true) { $0.isWhitespace }
        guard words.count >= 2, let data = Data(base64Encoded: String(words[1])) else {
            throw SSHError(.unusableKey, "This is no public key line (type, base64, comment): \(line.prefix(80))")
        }
        try self.init(blob: Array(data), comment: words.count > 2 ? String(words[2]) : "")
        guard algorithm == words[0] else {
            throw SSHError(.unusableKey, "The public key line says \(words[0]), its key is \(algorithm).")
        }
    }

    /// Reads a key as it travels.
    /// - Throws: ``SSHError`` with the code `.unusableKey`.
    public init(blob: [UInt8], comment: String = "") throws {
        var reader = SSHWireReader(blob)
        guard let algorithm = reader.readText(), !algorithm.isEmpty else {
            throw SSHError(.unusableKey, "The public key is damaged: it does not begin with its type.")
        }
        self.algorithm = algorithm
        self.blob = blob
        // One line, whatever the comment was made of: this becomes a line of an authorized_keys file.
        self.comment = comment.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The line as `authorized_keys` and the `.pub` files have it, without a line break.
    public var description: String {
        let line = "\(algorithm) \(Data(blob).base64EncodedString())"
        return comment.isEmpty ? line : "\(line) \(comment)"
    }

    /// The fingerprint as `ssh-keygen -l` prints it: `SHA256:` and unpadded base64.
    public var fingerprint: String {
        let digest = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + digest.prefix { $0 != "=" }
    }

    /// Same type and key; comments do not count.
    public static func == (left: SSHPublicKey, right: SSHPublicKey) -> Bool { left.blob == right.blob }

    /// Hashes the key without its comment.
    public func hash(into hasher: inout Hasher) { hasher.combine(blob) }
}
