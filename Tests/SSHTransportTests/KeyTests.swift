import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct KeyTests {
        @Test(arguments: ["", "x", "replay build 7", "twelve bytes", "line\nbreak"])
        func generatedKeyIsOneForSSHKeygen(comment: String) async throws {
            let pair = try SSHKeyPair.ed25519(comment: comment)
            let scratch = try ScratchDirectory()
            try scratch.write(pair.privateKey.text, to: "key", mode: 0o600)
            try scratch.write("\(pair.publicKey)\n", to: "key.pub")
            let derived = try await LocalHost().capture(RemoteCommand("ssh-keygen -y -f \(scratch("key"))"))
            #expect(derived.status == .exited(0), "\(derived.errorText)")
            #expect(derived.text == "\(pair.publicKey)\n")
            let listed = try await LocalHost().capture(RemoteCommand("ssh-keygen -lf \(scratch("key.pub"))"))
            #expect(listed.text.contains(pair.publicKey.fingerprint))
            #expect(pair.publicKey.description.split(separator: "\n").count == 1)
        }

        @Test(arguments: [
            "-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t ecdsa -b 256 -m PEM",
        ])
        func userKeyTypesLogIn(flags: String) async throws {
            let (key, publicKey) = try await generate(flags)
            try await SSHServerFixture.with { server in
                try server.directory.write("\(publicKey)\n", to: "authorized_keys", mode: 0o600)
                let connection = try await SSHConnection.connect(
                    to: server.endpoint, user: server.user, key: SSHPrivateKey(key), hostKey: .pinned(server.hostKey),
                    until: .now + .seconds(10))
                await connection.close()
            }
        }

        @Test func encryptedKeyLogsInWithItsPassphrase() async throws {
            let (key, publicKey) = try await generate("-t ed25519", passphrase: "opensesame")
            let refusal = #expect(throws: SSHError.self) { try SSHPrivateKey(key) }
            #expect(refusal?.code == .unusableKey)
            try await SSHServerFixture.with { server in
                try server.directory.write("\(publicKey)\n", to: "authorized_keys", mode: 0o600)
                func connect(_ passphrase: String) async throws -> SSHConnection {
                    try await SSHConnection.connect(
                        to: server.endpoint, user: server.user, key: SSHPrivateKey(key, passphrase: passphrase),
                        hostKey: .pinned(server.hostKey), until: .now + .seconds(10))
                }
                let connection = try await connect("opensesame")
                await connection.close()
                let error = await #expect(throws: SSHError.self) { try await connect("wrong") }
                #expect(error?.code == .unusableKey)
            }
        }

        @Test(arguments: ["-t rsa -b 2048", "-t rsa -b 2048 -m PEM", "-t rsa -b 2048 -m PKCS8"])
        func rsaUserKeyIsRefusedWithTheCause(flags: String) async throws {
            let (key, _) = try await generate(flags)
            let error = #expect(throws: SSHError.self) { try SSHPrivateKey(key) }
            #expect(error?.code == .unusableKey)
            #expect(error?.message.contains("RSA") == true)
            #expect(error?.message.contains("ed25519") == true)
        }

        @Test(arguments: [
            "", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
        ])
        func brokenPrivateKeysAreRefused(text: String) {
            let error = #expect(throws: SSHError.self) { try SSHPrivateKey(text) }
            #expect(error?.code == .unusableKey)
        }

        @Test(arguments: [
            "", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        ])
        func brokenPublicKeysAreRefused(line: String) {
            let error = #expect(throws: SSHError.self) { try SSHPublicKey(line) }
            #expect(error?.code == .unusableKey)
        }

        @Test func privateKeyIsNeverPrinted() throws {
            let pair = try SSHKeyPair.ed25519(comment: "c")
            var dumped = ""
            dump(pair, to: &dumped)
            let secret = pair.privateKey.text.split(separator: "\n")[2]
            for text in ["\(pair)", String(reflecting: pair), dumped, "\(pair.privateKey)"] {
                #expect(!text.contains(secret))
            }
        }

        @Test func wrongUserKeyIsAuthenticationFailed() async throws {
            try await SSHServerFixture.with { server in
                let error = await #expect(throws: SSHError.self) {
                    try await SSHConnection.connect(
                        to: server.endpoint, user: server.user, key: SSHKeyPair.ed25519(comment: "").privateKey,
                        hostKey: .pinned(server.hostKey), until: .now + .seconds(10))
                }
                #expect(error?.code == .authenticationFailed)
                #expect(error?.isPermanent == false)
            }
        }

        private func generate(_ flags: String, passphrase: String = "") async throws -> (key: String, publicKey: String)
        {
            let scratch = try ScratchDirectory()
            let made = try await LocalHost().capture(
                RemoteCommand("ssh-keygen -q -N '\(passphrase)' -C c \(flags) -f \(scratch("key"))"))
            #expect(made.status == .exited(0), "\(made.errorText)")
            return (
                String(decoding: try scratch.read("key"), as: UTF8.self),
                String(decoding: try scratch.read("key.pub"), as: UTF8.self)
            )
        }
    }
}
