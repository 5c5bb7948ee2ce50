import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct HostKeyTests {
        @Test func wrongHostKeyIsRefusedBeforeAuthentication() async throws {
            var options = SSHServerFixture.Options()
            options.configuration = ["LogLevel DEBUG2"]
            try await SSHServerFixture.with(options) { impostor in
                try await SSHServerFixture.with { server in
                    let proxy = try FaultProxy(to: impostor.endpoint)
                    defer { proxy.stop() }
                    // The impostor would let the user in.
                    try impostor.directory.write("\(server.userKey.publicKey)\n", to: "authorized_keys", mode: 0o600)
                    let error = await #expect(throws: SSHError.self) { try await server.connect(to: proxy.endpoint) }
                    #expect(error?.code == .hostKeyMismatch)
                    #expect(error?.isPermanent == true)
                    let message = try #require(error?.message)
                    #expect(message.contains(impostor.hostKey.fingerprint))
                    #expect(message.contains(server.hostKey.fingerprint))
                    // The server in the middle saw a key exchange and the end.
                    #expect(impostor.log.contains("SSH2_MSG_NEWKEYS received"))
                    #expect(!impostor.log.contains("userauth-request"))
                    #expect(!impostor.log.contains("authenticating user"))
                    #expect(proxy.bytesToServer < 3000)
                    // Through the same middle, the right server is talked to.
                    proxy.retarget(to: server.endpoint)
                    let connection = try await server.connect(to: proxy.endpoint)
                    await connection.close()
                }
            }
        }

        @Test(arguments: ["ed25519", "ecdsa"])
        func hostKeyTypesWork(type: String) async throws {
            var options = SSHServerFixture.Options()
            options.hostKeyType = type
            try await SSHServerFixture.with(options) { server in
                #expect(server.hostKey.algorithm.contains(type))
                let connection = try await server.connect()
                let answer = try await connection.capture(RemoteCommand("echo ok"))
                #expect(answer.text == "ok\n")
                await connection.close()
            }
        }

        @Test func serverWithOtherHostKeysIsChosenThePinnedOneOf() async throws {
            let scratch = try ScratchDirectory()
            _ = try await LocalHost().capture(RemoteCommand("ssh-keygen -q -N '' -t ecdsa -f \(scratch("other"))"))
            var options = SSHServerFixture.Options()
            options.configuration = ["HostKey \(scratch("other"))"]
            options.preparation = ""
            try await SSHServerFixture.with(options) { server in
                let connection = try await server.connect()
                await connection.close()
            }
        }

        @Test func serverWithoutTheHostKeysTypeIsAMismatch() async throws {
            var options = SSHServerFixture.Options()
            options.hostKeyType = "ecdsa"
            try await SSHServerFixture.with(options) { server in
                let pinned = try SSHKeyPair.ed25519(comment: "").publicKey
                let error = await #expect(throws: SSHError.self) {
                    try await SSHConnection.connect(
                        to: server.endpoint, user: server.user, key: server.userKey.privateKey,
                        hostKey: .pinned(pinned),
                        until: .now + .seconds(10))
                }
                #expect(error?.code == .hostKeyMismatch)
                #expect(error?.message.contains("ssh-ed25519") == true)
            }
        }

        @Test(arguments: [
            ("Ciphers chacha20-poly1305@openssh.com,aes256-cbc", "cipher", "chacha20-poly1305@openssh.com"),
            ("MACs umac-64-etm@openssh.com,hmac-sha1", "MAC", "umac-64-etm@openssh.com"),
            ("KexAlgorithms sntrup761x25519-sha512@openssh.com", "key exchange", "sntrup761x25519-sha512@openssh.com"),
        ])
        func noCommonAlgorithmsIsDiagnosed(line: String, list: String, offered: String) async throws {
            var options = SSHServerFixture.Options()
            options.configuration = [line]
            try await SSHServerFixture.with(options) { server in
                let error = await #expect(throws: SSHError.self) { try await server.connect() }
                // A newer libssh2 may know more; then this server is fine.
                guard let error else { return }
                #expect(error.code == .noCommonAlgorithm)
                #expect(error.isPermanent)
                #expect(error.message.contains("no \(list) algorithm in common"))
                #expect(error.message.contains(offered))
                #expect(error.context.count == 1)
            }
        }

        /// libssh2 has had its cipher since 1.11.1.
        @Test(.enabled(if: SSHServerFixture.obstacle(.tinySSH) == nil, "needs tinysshd"))
        func serverThatKnowsOneCipherIsDiagnosed() async throws {
            var options = SSHServerFixture.Options()
            options.software = .tinySSH
            try await SSHServerFixture.with(options) { server in
                let error = await #expect(throws: SSHError.self) { try await server.connect() }
                // A newer library comes as far as the login, for which this server looks elsewhere.
                guard let error, error.code != .authenticationFailed else { return }
                #expect(error.code == .noCommonAlgorithm)
                #expect(error.isPermanent)
                let message = error.message
                #expect(message.contains("no cipher algorithm in common"), "\(message)")
                #expect(
                    message.contains(
                        "cipher (Ciphers): the server offers chacha20-poly1305@openssh.com; this side aes128-ctr"))
                #expect(message.contains("libssh2 1.11.1 or newer"))
                #expect(error.context.count == 1)
            }
        }
    }
}
