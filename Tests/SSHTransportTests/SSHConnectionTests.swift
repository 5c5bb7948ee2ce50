import Glibc
import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

extension SSHTransportTests {
    @Suite(.enabled(if: hasServer, noServer))
    struct SSHConnectionTests {
        @Test(.timeLimit(.minutes(1)), arguments: RemoteHostConformance.all)
        func keepsTheContract(promise: RemoteHostConformance) async throws {
            try await SSHServerFixture.with { server in
                try await promise { try await server.connect() }
            }
        }

        @Test func longScriptRunsThroughInput() async throws {
            let script = String(
                repeating: ": a line that is long enough to make the script grow quickly\n", count: 2000)
            #expect(script.utf8.count > 100_000)
            try await withConnection { connection in
                let answer = try await connection.capture(
                    RemoteCommand("exec /bin/sh -s"), input: BytesInput(script + "echo $((6 * 7)); exit 5\n"))
                #expect(answer.text == "42\n")
                #expect(answer.status == .exited(5))
            }
        }

        @Test func commandLineThatIsTooLongIsRefusedAndHarmless() async throws {
            try await withConnection { connection in
                let error = await #expect(throws: SSHError.self) {
                    try await connection.capture(RemoteCommand(": " + String(repeating: "x", count: 40_000)))
                }
                #expect(error?.code == .commandTooLong)
                let answer = try await connection.capture(
                    RemoteCommand("echo \(String(repeating: "x", count: 31_000)) | wc -c"))
                #expect(answer.text == "31001\n")
            }
        }

        @Test(.timeLimit(.minutes(1))) func stderrFloodDoesNotHang() async throws {
            try await withConnection { connection in
                // More than the receive window, and nothing on standard output until it is over.
                let count = 48 << 20
                let seen = Shared((output: "", errors: 0))
                let status = try await connection.run(
                    RemoteCommand("head -c \(count) /dev/zero >&2; echo over"), input: EmptyInput()
                ) { stream, bytes in
                    seen.withLock {
                        switch stream {
                        case .standardOutput: $0.output += String(decoding: bytes, as: UTF8.self)
                        case .standardError: $0.errors += bytes.count
                        }
                    }
                }
                #expect(status == .exited(0))
                #expect(seen.value == ("over\n", count))
            }
        }

        @Test func killedBySignalIsNotSuccess() async throws {
            try await withConnection { connection in
                for name in ["KILL", "TERM", "SEGV", "HUP"] {
                    let answer = try await connection.capture(RemoteCommand("kill -\(name) $$"))
                    #expect(answer.status == .signalled(name))
                }
            }
        }

        @Test func twoRunsTakeTurns() async throws {
            try await withConnection { connection in
                let running = Shared(0)
                let most = Shared(0)
                try await withThrowingTaskGroup(of: RemoteHosts.ExitStatus.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            try await connection.run(
                                RemoteCommand("echo begin; sleep 0.05; echo end; exit \(number)"), input: EmptyInput()
                            ) { _, bytes in
                                for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                                    let count = running.withLock { count in
                                        count += line == "begin" ? 1 : -1
                                        return count
                                    }
                                    most.withLock { $0 = max($0, count) }
                                }
                            }
                        }
                    }
                    var statuses: Set<RemoteHosts.ExitStatus> = []
                    for try await status in group { statuses.insert(status) }
                    #expect(statuses == Set((0..<8).map { .exited($0) }))
                }
                #expect(most.value == 1)
            }
        }

        @Test func binaryBytesSafe() async throws {
            let bytes = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }
            try await withConnection { connection in
                let answer = try await connection.capture(RemoteCommand("cat"), input: BytesInput(bytes))
                #expect(answer.standardOutput == bytes)
            }
        }

        @Test(.enabled(if: getuid() == 0, "sshd gives terminals away as root only"))
        func terminalHasItsSizeAndOneStream() async throws {
            try await withConnection { connection in
                let answer = try await connection.capture(
                    RemoteCommand(
                        "test -t 0 && test -t 1 && stty size; echo err >&2", terminal: .init(columns: 93, rows: 31)))
                #expect(answer.text == "31 93\r\nerr\r\n")
                #expect(answer.standardError.isEmpty)
            }
        }

        @Test func refusedCommandLeavesTheConnection() async throws {
            var options = SSHServerFixture.Options()
            options.configuration = ["PermitTTY no"]
            try await SSHServerFixture.with(options) { server in
                let connection = try await server.connect()
                let error = await #expect(throws: SSHError.self) {
                    try await connection.capture(RemoteCommand("tty", terminal: .init(columns: 80, rows: 24)))
                }
                #expect(error?.code == .commandRefused)
                let answer = try await connection.capture(RemoteCommand("echo fine"))
                #expect(answer.text == "fine\n")
                await connection.close()
            }
        }

        @Test func serverWithoutSessionsRefusesCommands() async throws {
            var options = SSHServerFixture.Options()
            options.configuration = ["MaxSessions 0"]
            try await SSHServerFixture.with(options) { server in
                let connection = try await server.connect()
                let error = await #expect(throws: SSHError.self) { try await connection.capture(RemoteCommand("true")) }
                #expect(error?.code == .commandRefused)
                await connection.close()
            }
        }

        /// CIS-hardened servers ask for signs of life; between two commands there must be somebody who answers.
        @Test func idleConnectionAnswersTheServersQuestions() async throws {
            var options = SSHServerFixture.Options()
            options.configuration = ["ClientAliveInterval 1", "ClientAliveCountMax 2"]
            try await SSHServerFixture.with(options) { server in
                var configuration = SSHConfiguration()
                configuration.keepaliveInterval = .milliseconds(500)
                let connection = try await server.connect(configuration: configuration)
                try await Task.sleep(for: .seconds(4))
                let answer = try await connection.capture(RemoteCommand("echo here"))
                #expect(answer.text == "here\n")
                // And while a command is silent.
                let silent = try await connection.capture(RemoteCommand("sleep 4; echo there"))
                #expect(silent.text == "there\n")
                await connection.close()
            }
        }

        @Test(.enabled(if: SSHServerFixture.obstacle(.dropbear) == nil, "needs dropbear-bin, and root"))
        func worksWithDropbear() async throws {
            var options = SSHServerFixture.Options()
            options.software = .dropbear
            try await SSHServerFixture.with(options) { server in
                for promise in RemoteHostConformance.all where promise.description != RemoteHostConformance.heldStreams
                {
                    try await promise { try await server.connect() }
                }
            }
        }

        private func withConnection(_ body: (SSHConnection) async throws -> Void) async throws {
            try await SSHServerFixture.with { server in
                let connection = try await server.connect()
                try await body(connection)
                await connection.close()
            }
        }
    }
}
