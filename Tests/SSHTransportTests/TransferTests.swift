import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct TransferTests {
        private static let size = 64 << 20

        @Test(.timeLimit(.minutes(2))) func uploadsAndDownloads64MiB() async throws {
            try await SSHServerFixture.with { server in
                try await transfer(over: server.connect())
            }
        }

        @Test(.timeLimit(.minutes(2))) func rekeyMidUpload() async throws {
            var options = SSHServerFixture.Options()
            options.configuration = ["RekeyLimit 1M"]
            try await SSHServerFixture.with(options) { server in
                try await transfer(over: server.connect())
                let bytes = pattern(16 << 20)
                let connection = try await server.connect()
                // Both directions at once, so that the exchange falls into reading and writing.
                let answer = try await connection.capture(RemoteCommand("cat"), input: BytesInput(bytes))
                #expect(answer.standardOutput == bytes)
                await connection.close()
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func piecesAndDelaysOfTheNetworkDoNotMatter() async throws {
            try await SSHServerFixture.with { server in
                let proxy = try FaultProxy(to: server.endpoint)
                proxy.setFaults {
                    $0.toClient.sliceSize = 7
                    $0.toServer.sliceSize = 1
                    $0.toClient.delay = .milliseconds(5)
                }
                let connection = try await server.connect(to: proxy.endpoint)
                proxy.setFaults {
                    $0.toClient.sliceSize = 1000
                    $0.toServer.sliceSize = 333
                }
                let bytes = pattern(1 << 20)
                let answer = try await connection.capture(RemoteCommand("cat"), input: BytesInput(bytes))
                #expect(answer.standardOutput == bytes)
                await connection.close()
                proxy.stop()
            }
        }

        /// What waits to be sent and what waits to be handed out stays bounded, however slow the other side is.
        @Test func slowReaderSlowsTheWriter() async throws {
            try await SSHServerFixture.with { server in
                let connection = try await server.connect()
                let count = Shared(0)
                let status = try await connection.run(
                    RemoteCommand("head -c 4000000 /dev/zero"), input: EmptyInput()
                ) { _, bytes in
                    count.withLock { $0 += bytes.count }
                    #expect(bytes.count <= 256 << 10)
                }
                #expect(status == .exited(0))
                #expect(count.value == 4_000_000)
                await connection.close()
            }
        }

        private func transfer(over connection: SSHConnection) async throws {
            let bytes = pattern(Self.size)
            let expected = try await LocalHost().capture(RemoteCommand("sha256sum"), input: BytesInput(bytes))
            let line = "f=$(mktemp) && cat >$f && sha256sum <$f && echo $f"
            let up = try await connection.capture(RemoteCommand(line), input: BytesInput(bytes))
            let lines = up.text.split(separator: "\n")
            #expect(lines.first.map { $0 + "\n" } == expected.text[...])
            let file = try #require(lines.last)
            let down = try await connection.capture(RemoteCommand("cat \(file); rm \(file)"))
            #expect(down.standardOutput == bytes)
            #expect(down.status == .exited(0))
            await connection.close()
        }
    }
}

/// Bytes that repeat late, quickly made.
func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    bytes.removeLast(bytes.count - count)
    return bytes
}
