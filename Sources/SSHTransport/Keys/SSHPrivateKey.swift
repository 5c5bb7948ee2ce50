import FoundationEssentials

/// A user's private key, as the text of a key file. It is never printed.
public struct SSHPrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The text of the key file.
    public let text: String
    /// What opens an encrypted key.
    public let passphrase: String?

    /// Takes the text of a key file: OpenSSH's own format, or PEM.
    /// - Throws: ``SSHError`` with the code `.unusableKey` for what is no private key, and for RSA keys, which the
    ///   protocol library cannot sign with as today's servers demand (`rsa-sha2-256`).
    public init(_ text: String, passphrase: String? = nil) throws {
        self.text = text.hasSuffix("\n") ? text : text + "\n"
        self.passphrase = passphrase
        try check()
    }

    init(trusted text: String) {
        self.text = text
        passphrase = nil
    }

    /// Says that it is a key, and nothing about it.
    public var description: String { "SSHPrivateKey(…)" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    private func check() throws {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.first, first.hasPrefix("-----BEGIN "), first.contains("PRIVATE KEY") else {
            throw SSHError(
                .unusableKey, "This is no private key: it does not begin with -----BEGIN … PRIVATE KEY-----.")
        }
        let body = lines.dropFirst().prefix { !$0.hasPrefix("-----END") }.filter { !$0.contains(":") }.joined()
        let data = Data(base64Encoded: body).map { Array($0) } ?? []
        var isRSA = first.contains("RSA")
        if first.contains("OPENSSH") {
            var reader = SSHWireReader(data.dropFirst(OpenSSHKeyFormat.magic.count))
            guard data.starts(with: OpenSSHKeyFormat.magic), let cipher = reader.readText(),
                reader.readString() != nil, reader.readString() != nil, reader.readUInt32() == 1,
                let blob = reader.readString()
            else { throw SSHError(.unusableKey, "The private key is damaged: it is not in OpenSSH's format.") }
            isRSA = try SSHPublicKey(blob: blob).algorithm == "ssh-rsa"
            guard cipher == "none" || passphrase != nil else {
                throw SSHError(.unusableKey, "The private key is encrypted and no passphrase was given.")
            }
        } else if first.contains("BEGIN PRIVATE KEY") {
            // PKCS#8 names the kind by its object identifier, rsaEncryption is 1.2.840.113549.1.1.1.
            let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
            isRSA = data.prefix(40).indices.contains { data[$0...].starts(with: identifier) }
        }
        if isRSA && !Library.isAtLeast(0x010b00) {
            throw SSHError(
                .unusableKey,
                "RSA keys cannot log in: libssh2 \(Library.version) signs with SHA-1 only, which servers since "
                    + "OpenSSH 8.8 refuse. Use an ed25519 key (ssh-keygen -t ed25519), or libssh2 1.11.")
        }
    }
}
