import CLibSSH2

/// What is asked of the other side, best first; names that the running library lacks are skipped.
///
/// Counter mode comes before GCM because libssh2 is faster with it. CBC, SHA-1 and MD5 are left out.
struct AlgorithmPreferences {
    /// One of the lists that the two sides must have a word in common of, in RFC 4253 section 7.1's order.
    struct List {
        let name: String
        let option: String
        let method: CInt
        let names: [String]
    }

    let lists: [List]

    init(hostKey: HostKeyPolicy) {
        let hostKeys: [String]
        switch hostKey {
        case .pinned(let key):
            hostKeys = key.algorithm == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [key.algorithm]
        }
        let exchanges = [
            "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
            "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
            "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
        ]
        let ciphers = [
            "aes128-ctr", "aes256-ctr", "aes192-ctr", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
            "chacha20-poly1305@openssh.com",
        ]
        let codes = [
            "hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
        ]
        lists = [
            List(name: "key exchange", option: "KexAlgorithms", method: LIBSSH2_METHOD_KEX, names: exchanges),
            List(name: "host key", option: "HostKey", method: LIBSSH2_METHOD_HOSTKEY, names: hostKeys),
            List(name: "cipher", option: "Ciphers", method: LIBSSH2_METHOD_CRYPT_CS, names: ciphers),
            List(name: "cipher", option: "Ciphers", method: LIBSSH2_METHOD_CRYPT_SC, names: ciphers),
            List(name: "MAC", option: "MACs", method: LIBSSH2_METHOD_MAC_CS, names: codes),
            List(name: "MAC", option: "MACs", method: LIBSSH2_METHOD_MAC_SC, names: codes),
        ]
    }
}

/// The lists of a server's first key exchange message (RFC 4253 section 7.1).
struct ServerAlgorithms {
    let lists: [[String]]

    /// Reads them from all that a server sent in the clear; nil when the message is not whole.
    init?(handshake: [UInt8]) {
        var rest = handshake[...]
        while !rest.starts(with: Array("SSH-".utf8)) {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            rest = rest[(end + 1)...]
        }
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        var packet = SSHWireReader(rest[(end + 1)...])
        guard packet.readUInt32() != nil, packet.readByte() != nil, packet.readByte() == UInt8(SSH_MSG_KEXINIT),
            packet.read(16) != nil
        else { return nil }
        var lists: [[String]] = []
        for _ in 0..<6 {
            guard let text = packet.readText() else { return nil }
            lists.append(text.split(separator: ",").map(String.init))
        }
        self.lists = lists
    }
}

/// RFC 4253 section 12.
private let SSH_MSG_KEXINIT = 20
