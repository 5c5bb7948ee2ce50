import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct LostConnectionTests {
        @Test(arguments: ["echo up; sleep 30", "echo up; kill -KILL $PPID; sleep 30"])
        func exitStatusIsLostWhenServerDies(line: String) async throws {
            try await SSHServerFixture.with { server in
                let connection = try await server.connect()
                let start = Shared(ContinuousClock.now)
                let status = try await connection.run(RemoteCommand(line), input: EmptyInput()) { _, _ in
                    start.withLock { $0 = .now }
                    if !line.contains("KILL") { Task { await server.stop() } }
                }
                #expect(status == .lost)
                #expect(start.value.duration(to: .now) < .seconds(2))
                let error = await #expect(throws: SSHError.self) { try await connection.capture(RemoteCommand("true")) }
                #expect(error?.code == .closed)
            }
        }

        @Test(arguments: [true, false])
        func outputThatArrivedBeforeTheEndIsHandedOut(resets: Bool) async throws {
            try await withProxy { server, proxy in
                let connection = try await server.connect(to: proxy.endpoint)
                let received = Shared(0)
                proxy.setFaults { $0.resets = resets }
                let status = try await connection.run(
                    RemoteCommand("head -c 100000 /dev/zero; sleep 30"), input: EmptyInput()
                ) { _, bytes in
                    let total = received.withLock { count in
                        count += bytes.count
                        return count
                    }
                    if total == 100_000 { proxy.cut() }
                }
                #expect(status == .lost)
                #expect(received.value == 100_000)
            }
        }

        /// A connection that breaks anywhere is an error or a lost command, never a success and never a hang.
        @Test(.timeLimit(.minutes(2)), arguments: [true, false])
        func connectionThatBreaksAnywhereIsNeverASuccess(toServer: Bool) async throws {
            try await withProxy { server, proxy in
                for offset in [1, 20, 40, 700, 1500, 1900, 2100, 2300, 2500, 2800, 3000, 3500, 5000, 20_000] {
                    proxy.setFaults {
                        if toServer { $0.toServer.cutAfter = offset } else { $0.toClient.cutAfter = offset }
                        $0.resets = offset % 200 == 0
                    }
                    do {
                        let connection = try await server.connect(to: proxy.endpoint)
                        let answer = try await connection.capture(
                            RemoteCommand("cat"), input: BytesInput(pattern(200_000)))
                        #expect(answer.status == .lost)
                        await connection.close()
                    } catch let error as SSHError {
                        #expect(!error.isPermanent, "\(error)")
                    }
                }
            }
        }

        /// Every byte after the key exchange is authenticated: a flipped one ends the connection, nothing wrong gets through.
        @Test(.timeLimit(.minutes(1)), arguments: [true, false])
        func corruptedByteIsNoticed(toServer: Bool) async throws {
            try await withProxy { server, proxy in
                for offset in stride(from: 5_000, to: 60_000, by: 9_973) {
                    proxy.setFaults {
                        if toServer { $0.toServer.corruptAt = offset } else { $0.toClient.corruptAt = offset }
                    }
                    let bytes = pattern(100_000)
                    var configuration = SSHConfiguration()
                    configuration.keepaliveInterval = .milliseconds(300)
                    configuration.silenceLimit = .seconds(1)
                    do {
                        let connection = try await server.connect(to: proxy.endpoint, configuration: configuration)
                        let answer = try await connection.capture(RemoteCommand("cat"), input: BytesInput(bytes))
                        #expect(answer.status == .lost)
                        #expect(bytes.starts(with: answer.standardOutput))
                        await connection.close()
                    } catch is SSHError {
                        // The connection did not come as far as the command.
                    }
                }
            }
        }

        /// The packets just vanish, as when a machine loses its power behind a port forward that stays open.
        @Test func deadPeerIsNoticed() async throws {
            try await withProxy { server, proxy in
                var configuration = SSHConfiguration()
                configuration.keepaliveInterval = .milliseconds(300)
                configuration.silenceLimit = .seconds(1)
                let connection = try await server.connect(to: proxy.endpoint, configuration: configuration)
                let start = Shared(ContinuousClock.now)
                let status = try await connection.run(RemoteCommand("echo up; sleep 30"), input: EmptyInput()) { _, _ in
                    start.withLock { $0 = .now }
                    proxy.setFaults {
                        $0.toServer.isBlackHole = true
                        $0.toClient.isBlackHole = true
                    }
                }
                #expect(status == .lost)
                #expect(start.value.duration(to: .now) < .seconds(3))
            }
        }

        @Test func deadPeerIsNoticedWhileNothingRuns() async throws {
            try await withProxy { server, proxy in
                var configuration = SSHConfiguration()
                configuration.keepaliveInterval = .milliseconds(300)
                configuration.silenceLimit = .seconds(1)
                let connection = try await server.connect(to: proxy.endpoint, configuration: configuration)
                proxy.setFaults {
                    $0.toServer.isBlackHole = true
                    $0.toClient.isBlackHole = true
                }
                let deadline = ContinuousClock.now + .seconds(5)
                while !connection.isClosed && .now < deadline { try await Task.sleep(for: .milliseconds(50)) }
                #expect(connection.isClosed)
            }
        }

        /// A question for a sign of life waits behind megabytes of input; their arrival is sign enough.
        @Test(.timeLimit(.minutes(1))) func slowLinkIsNotADeadPeer() async throws {
            try await withProxy { server, proxy in
                var configuration = SSHConfiguration()
                configuration.keepaliveInterval = .milliseconds(300)
                configuration.silenceLimit = .seconds(2)
                let connection = try await server.connect(to: proxy.endpoint, configuration: configuration)
                proxy.setFaults { $0.toServer.bytesPerSecond = 300_000 }
                let answer = try await connection.capture(RemoteCommand("wc -c"), input: BytesInput(pattern(1_500_000)))
                #expect(answer.text == "1500000\n")
                await connection.close()
            }
        }

        @Test func closeOfRunningCommandIsImmediate() async throws {
            try await SSHServerFixture.with { server in
                try await expectPrompt(within: .milliseconds(500)) {
                    let connection = try await server.connect()
                    let start = Shared(ContinuousClock.now)
                    let status = try await connection.run(
                        RemoteCommand("echo up; sleep 30"), input: EmptyInput()
                    ) { _, _ in
                        start.withLock { $0 = .now }
                        Task { await connection.close() }
                    }
                    #expect(status == .lost)
                    return start.value.duration(to: .now)
                }
            }
        }

        @Test(arguments: ["sleep 30", "cat /dev/zero", "cat >/dev/null", "sleep 30 <&0", "cat /dev/zero >&2"])
        func cancelReturnsWithinOneSecond(line: String) async throws {
            try await SSHServerFixture.with { server in
                try await expectPrompt(within: .seconds(1)) {
                    let connection = try await server.connect()
                    let task = Task {
                        try await connection.run(RemoteCommand(line), input: EndlessInput()) { _, _ in }
                    }
                    try await Task.sleep(for: .milliseconds(300))
                    let start = ContinuousClock.now
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    let duration = start.duration(to: .now)
                    await #expect(throws: SSHError.self) { try await connection.capture(RemoteCommand("true")) }
                    return duration
                }
            }
        }

        private func withProxy(_ body: (SSHServerFixture, FaultProxy) async throws -> Void) async throws {
            try await SSHServerFixture.with { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                try await body(server, proxy)
            }
        }
    }
}

private struct EndlessInput: InputSource {
    func read(upTo maximum: Int) -> InputRead { .bytes([UInt8](repeating: 1, count: maximum)) }
    func setWaker(_ waker: @escaping @Sendable () -> Void) {}
}
