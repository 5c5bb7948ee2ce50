import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct SSHConnectorTests {
        @Test(.timeLimit(.minutes(1))) func connectorWaitsForServer() async throws {
            let first = try await SSHServerFixture()
            await first.stop()
            let endpoint = first.endpoint
            let connector = SSHConnector(
                user: first.user, key: first.userKey.privateKey, hostKey: .pinned(first.hostKey)
            ) { endpoint }
            let connection = Task { try await connector.connection(until: .now + .seconds(30)) }
            try await Task.sleep(for: .seconds(1))
            var options = SSHServerFixture.Options()
            options.port = endpoint.port
            options.hostKeyOf = first
            try await SSHServerFixture.with(options) { server in
                try server.directory.write("\(first.userKey.publicKey)\n", to: "authorized_keys", mode: 0o600)
                let start = ContinuousClock.now
                let host = try await connection.value
                #expect(start.duration(to: .now) < .seconds(7.5))
                await host.close()
            }
        }

        @Test(.timeLimit(.minutes(1))) func connectorTriesLoginAtMostOncePerFiveSeconds() async throws {
            var options = SSHServerFixture.Options()
            options.installsUserKey = false
            try await SSHServerFixture.with(options) { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                let connector = connector(to: server) { proxy.endpoint }
                let start = ContinuousClock.now
                let connection = Task { try await connector.connection(until: .now + .seconds(30)) }
                try await Task.sleep(for: .seconds(6))
                #expect(proxy.connectionCount == 2)
                try server.installUserKey()
                let host = try await connection.value
                let elapsed = start.duration(to: .now)
                #expect(elapsed > .seconds(9.9) && elapsed < .seconds(12))
                #expect(proxy.connectionCount == 3)
                #expect(server.log.split(separator: "Failed publickey").count == 3)
                await host.close()
            }
        }

        @Test func serverThatHangsUpAfterAFailedLoginIsLeftAlone() async throws {
            var options = SSHServerFixture.Options()
            options.installsUserKey = false
            try await SSHServerFixture.with(options) { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                var pacing = SSHConnector.Pacing()
                pacing.loginInterval = .milliseconds(300)
                pacing.penaltyPause = .seconds(3)
                let connector = connector(to: server, pacing: pacing) { proxy.endpoint }
                let connection = Task { try await connector.connection(until: .now + .seconds(20)) }
                while !server.log.contains("Failed publickey") { try await Task.sleep(for: .milliseconds(10)) }
                proxy.setFaults { $0.hangsUp = true }
                try server.installUserKey()
                let count = proxy.connectionCount
                while proxy.connectionCount < count + 2 { try await Task.sleep(for: .milliseconds(10)) }
                let start = ContinuousClock.now
                proxy.setFaults { $0.hangsUp = false }
                let host = try await connection.value
                #expect(start.duration(to: .now) > .seconds(2.5))
                #expect(proxy.connectionCount == count + 3)
                await host.close()
            }
        }

        /// A forwarded port accepts for a machine whose server does not listen yet: no reason to stand back.
        @Test(arguments: [true, false]) func forwarderThatHangsUpIsAskedOften(resets: Bool) async throws {
            try await SSHServerFixture.with { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                proxy.setFaults {
                    $0.hangsUp = true
                    $0.resets = resets
                }
                let connector = connector(to: server) { proxy.endpoint }
                let connection = Task { try await connector.connection(until: .now + .seconds(20)) }
                while proxy.connectionCount < 4 { try await Task.sleep(for: .milliseconds(10)) }
                proxy.setFaults { $0.hangsUp = false }
                let start = ContinuousClock.now
                let host = try await connection.value
                #expect(start.duration(to: .now) < .seconds(2))
                await host.close()
            }
        }

        /// A connection that was accepted before the machine had a network stays silent for ever.
        @Test func silentConnectionIsGivenUpAndOpenedAgain() async throws {
            try await SSHServerFixture.with { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                proxy.setFaults { $0.isSilent = true }
                var pacing = SSHConnector.Pacing()
                pacing.firstBannerTimeout = .milliseconds(300)
                let connector = connector(to: server, pacing: pacing) { proxy.endpoint }
                let connection = Task { try await connector.connection(until: .now + .seconds(20)) }
                while proxy.connectionCount < 2 { try await Task.sleep(for: .milliseconds(10)) }
                proxy.setFaults { $0.isSilent = false }
                let host = try await connection.value
                await host.close()
            }
        }

        @Test func addressIsAskedForAgain() async throws {
            try await SSHServerFixture.with { server in
                let asked = Shared(0)
                let connector = connector(to: server) {
                    let count = asked.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 1 { return nil }
                    return count == 2 ? SSHEndpoint(host: "127.0.0.1", port: 1) : server.endpoint
                }
                let host = try await connector.connection(until: .now + .seconds(20))
                #expect(asked.value == 3)
                // And for each connection.
                let second = try await connector.connection(until: .now + .seconds(20))
                #expect(asked.value == 4)
                await host.close()
                await second.close()
            }
        }

        @Test func machineThatDiedEndsTheWaitAtOnce() async throws {
            struct PowerFailure: Error {}
            let isDead = Shared(false)
            let server = try await SSHServerFixture()
            await server.stop()
            let endpoint = server.endpoint
            let connector = SSHConnector(
                user: "u", key: server.userKey.privateKey, hostKey: .pinned(server.hostKey),
                isAlive: { if isDead.value { throw PowerFailure() } }, resolve: { endpoint })
            let connection = Task { try await connector.connection(until: .now + .seconds(60)) }
            try await Task.sleep(for: .milliseconds(300))
            let start = ContinuousClock.now
            isDead.withLock { $0 = true }
            do {
                _ = try await connection.value
                Issue.record("it connected")
            } catch let error as SSHError {
                #expect(error.code == .machineGone)
                #expect(error.cause is PowerFailure)
            }
            #expect(start.duration(to: .now) < .seconds(1))
        }

        @Test func whatCannotHealEndsTheWaitAtOnce() async throws {
            try await SSHServerFixture.with { server in
                let start = ContinuousClock.now
                let connector = SSHConnector(
                    user: server.user, key: server.userKey.privateKey,
                    hostKey: .pinned(try SSHKeyPair.ed25519(comment: "").publicKey)
                ) { server.endpoint }
                let error = await #expect(throws: SSHError.self) {
                    try await connector.connect(until: .now + .seconds(60))
                }
                #expect(error?.code == .hostKeyMismatch)
                #expect(start.duration(to: .now) < .seconds(2))
            }
        }

        @Test func deadlineGivesTheLastTrysError() async throws {
            let server = try await SSHServerFixture()
            await server.stop()
            let endpoint = server.endpoint
            let error = await #expect(throws: SSHError.self) {
                try await connector(to: server) { endpoint }.connect(until: .now + .seconds(1))
            }
            #expect(error?.code == .connectionRefused)
            let unknown = await #expect(throws: SSHError.self) {
                try await connector(to: server) { nil }.connect(until: .now + .milliseconds(300))
            }
            #expect(unknown?.code == .timedOut)
            let named = await #expect(throws: SSHError.self) {
                try await connector(to: server) { SSHEndpoint(host: "no.such.host.invalid") }
                    .connect(until: .now + .milliseconds(300))
            }
            #expect(named?.code == .unreachable)
        }

        @Test func whatIsNoSSHServerIsSaid() async throws {
            let server = try await SSHServerFixture()
            let proxy = try FaultProxy(to: server.endpoint)
            defer { proxy.stop() }
            proxy.setFaults { $0.toClient.corruptAt = 1 }
            var configuration = SSHConfiguration()
            configuration.bannerTimeout = .milliseconds(500)
            let error = await #expect(throws: SSHError.self) {
                try await server.connect(to: proxy.endpoint, configuration: configuration)
            }
            #expect(error?.code == .notAnSSHServer)
            #expect(error?.context.isEmpty == false)
            await server.stop()
        }

        /// In whatever the connector waits for.
        @Test(arguments: ["refusing", "silent", "hanging up", "black hole", "unknown", "pacing"])
        func cancellationEndsTheWaitWithinASecond(state: String) async throws {
            var options = SSHServerFixture.Options()
            options.installsUserKey = false
            try await SSHServerFixture.with(options) { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                proxy.setFaults {
                    $0.isSilent = state == "silent"
                    $0.hangsUp = state == "hanging up"
                    $0.toClient.isBlackHole = state == "black hole"
                }
                if state == "refusing" { proxy.stop() }
                let connector = connector(to: server) { state == "unknown" ? nil : proxy.endpoint }
                try await expectPrompt(within: .seconds(1)) {
                    let task = Task { try await connector.connection(until: .now + .seconds(60)) }
                    try await Task.sleep(for: .milliseconds(400))
                    let start = ContinuousClock.now
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    return start.duration(to: .now)
                }
            }
        }

        @Test func severalConnectionsAtOnce() async throws {
            try await SSHServerFixture.with { server in
                let connector = connector(to: server) { server.endpoint }
                let answers = try await withThrowingTaskGroup(of: String.self) { group in
                    for number in 0..<6 {
                        group.addTask {
                            let host = try await connector.connect(until: .now + .seconds(20))
                            let answer = try await host.capture(RemoteCommand("echo \(number)"))
                            await host.close()
                            return answer.text
                        }
                    }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(answers == Set((0..<6).map { "\($0)\n" }))
            }
        }

        /// The pool has as many threads as the machine has cores: twenty that wait must leave it alone.
        @Test func waitingDoesNotBlockTheCooperativePool() async throws {
            let server = try await SSHServerFixture()
            let proxy = try FaultProxy(to: server.endpoint)
            defer { proxy.stop() }
            proxy.setFaults { $0.isSilent = true }
            let tasks = (0..<20).map { _ in
                Task { try await server.connect(to: proxy.endpoint) }
            }
            while proxy.connectionCount < 20 { try await Task.sleep(for: .milliseconds(10)) }
            try await expectPrompt(within: .milliseconds(300)) {
                let start = ContinuousClock.now
                await withTaskGroup { group in
                    for _ in 0..<20 { group.addTask { await Task.yield() } }
                }
                return start.duration(to: .now)
            }
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            await server.stop()
        }

        private func connector(
            to server: SSHServerFixture, pacing: SSHConnector.Pacing = SSHConnector.Pacing(),
            resolve: @escaping @Sendable () async throws -> SSHEndpoint?
        ) -> SSHConnector {
            SSHConnector(
                user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey), pacing: pacing,
                resolve: resolve)
        }
    }
}
