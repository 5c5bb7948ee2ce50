import Crypto
import FoundationEssentials

/// A private key and its public one.
public struct SSHKeyPair: Sendable {
    /// The private key, in OpenSSH's format.
    public let privateKey: SSHPrivateKey
    /// The public key, with the comment.
    public let publicKey: SSHPublicKey

    /// Makes a pair of two keys that belong together.
    public init(privateKey: SSHPrivateKey, publicKey: SSHPublicKey) {
        self.privateKey = privateKey
        self.publicKey = publicKey
    }

    /// Makes a new ed25519 pair from the system's random numbers.
    /// - Parameter comment: Words for the public key's line, such as the build's identifier.
    public static func ed25519(comment: String) throws -> SSHKeyPair {
        let key = Curve25519.Signing.PrivateKey()
        let publicKey = try SSHPublicKey(
            blob: OpenSSHKeyFormat.publicBlob(of: Array(key.publicKey.rawRepresentation)), comment: comment)
        let text = OpenSSHKeyFormat.privateKeyText(
            seed: Array(key.rawRepresentation), publicKey: Array(key.publicKey.rawRepresentation),
            comment: publicKey.comment)
        return SSHKeyPair(privateKey: SSHPrivateKey(trusted: text), publicKey: publicKey)
    }
}

/// OpenSSH's private key file, as its PROTOCOL.key describes it.
enum OpenSSHKeyFormat {
    /// "openssh-key-v1" and a zero byte.
    static let magic = Array("openssh-key-v1".utf8) + [0]
    private static let algorithm = "ssh-ed25519"

    static func publicBlob(of key: [UInt8]) -> [UInt8] {
        var writer = SSHWireWriter()
        writer.write(string: algorithm)
        writer.write(string: key)
        return writer.bytes
    }

    static func privateKeyText(seed: [UInt8], publicKey: [UInt8], comment: String) -> String {
        var secret = SSHWireWriter()
        // The same number twice shows a reader that it decrypted rightly.
        let check = UInt32.random(in: .min ... .max)
        secret.write(check)
        secret.write(check)
        secret.write(string: algorithm)
        secret.write(string: publicKey)
        secret.write(string: seed + publicKey)
        secret.write(string: comment)
        let blockSize = 8
        secret.write(raw: (0..<(blockSize - secret.bytes.count % blockSize) % blockSize).map { UInt8($0 + 1) })

        var file = SSHWireWriter()
        file.write(raw: magic)
        file.write(string: "none")
        file.write(string: "none")
        file.write(string: "")
        file.write(1)
        file.write(string: publicBlob(of: publicKey))
        file.write(string: secret.bytes)
        let base64 = Data(file.bytes).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        return "-----BEGIN OPENSSH PRIVATE KEY-----\n\(base64)\n-----END OPENSSH PRIVATE KEY-----\n"
    }
}
