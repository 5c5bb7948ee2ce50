public import RemoteHosts
public import Testing

/// What the contract of `RemoteHost` promises, one function a promise; every implementation's tests run them all.
///
/// The hosts run commands as a POSIX shell does, on this machine or another.
public struct RemoteHostConformance: Sendable, CustomStringConvertible {
    /// What is promised.
    public let description: String
    private let check: @Sendable (_ open: @escaping @Sendable () async throws -> any RemoteHost) async throws -> Void

    private init(
        _ description: String,
        _ check:
            @escaping @Sendable (_ open: @escaping @Sendable () async throws -> any RemoteHost) async throws -> Void
    ) {
        self.description = description
        self.check = check
    }

    /// Checks the promise; failures are recorded as issues of the running test.
    /// - Parameter open: Makes a new open host; the check closes it.
    public func callAsFunction(_ open: @escaping @Sendable () async throws -> any RemoteHost) async throws {
        try await check(open)
    }

    private static func promise(
        _ description: String, _ body: @escaping @Sendable (any RemoteHost) async throws -> Void
    ) -> RemoteHostConformance {
        RemoteHostConformance(description) { open in
            let host = try await open()
            do {
                try await body(host)
            } catch {
                await host.close()
                throw error
            }
            await host.close()
        }
    }

    /// Runs the body, with a new host each time, until it took no longer than the limit; three times at most, as a
    /// busy machine can be late once.
    private static func promptPromise(
        _ description: String, within limit: Duration,
        _ body: @escaping @Sendable (any RemoteHost) async throws -> Duration
    ) -> RemoteHostConformance {
        RemoteHostConformance(description) { open in
            try await expectPrompt(within: limit) {
                let host = try await open()
                let duration = try await body(host)
                await host.close()
                return duration
            }
        }
    }

    /// The promise that OpenSSH keeps and dropbear does not: it ends the channel when the command's own process ends.
    public static let heldStreams = "a descendant that holds the streams holds the run"

    /// All promises.
    public static let all: [RemoteHostConformance] = [
        promise("every exit status arrives") { host in
            for status in [0, 1, 7, 126, 127, 255] {
                let answer = try await host.capture(RemoteCommand("exit \(status)")).status
                #expect(answer == .exited(status))
            }
        },
        promise("a signal is not an exit status") { host in
            let killed = try await host.capture(RemoteCommand("kill -KILL $$")).status
            #expect(killed == .signalled("KILL"))
            let ended = try await host.capture(RemoteCommand("kill -TERM $$")).status
            #expect(ended == .signalled("TERM"))
        },
        promise("the two streams stay apart and whole") { host in
            let answer = try await host.capture(RemoteCommand("printf out; printf err >&2; printf more"))
            #expect(answer.text == "outmore")
            #expect(answer.errorText == "err")
        },
        promise("a command without input sees end of file") { host in
            let text = try await host.capture(RemoteCommand("cat; echo end")).text
            #expect(text == "end\n")
        },
        promise("all 256 byte values pass both ways") { host in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
            let answer = try await host.capture(RemoteCommand("cat; exit 3"), input: BytesInput(bytes))
            #expect(answer.standardOutput == bytes)
            #expect(answer.status == .exited(3))
        },
        promise("a script far longer than a command line runs from its input") { host in
            let script = String(repeating: "x=$((x + 1)) # padding padding padding\n", count: 5000) + "echo $x\n"
            let answer = try await host.capture(RemoteCommand("exec /bin/sh -s"), input: BytesInput(script))
            #expect(answer.text == "5000\n")
        },
        promise("a command that does not read its input ends anyway") { host in
            let bytes = [UInt8](repeating: 65, count: 8 << 20)
            let answer = try await host.capture(RemoteCommand("echo done; exit 4"), input: BytesInput(bytes))
            #expect(answer.text == "done\n")
            #expect(answer.status == .exited(4))
        },
        promise("a command that closed its streams goes on getting input") { host in
            let line = "f=$(mktemp); exec 3>&1; cat >$f 2>&1 3>&-; wc -c <$f; rm $f"
            let bytes = [UInt8](repeating: 66, count: 3 << 20)
            let count = try await host.capture(RemoteCommand(line), input: BytesInput(bytes)).text
            #expect(count == "\(3 << 20)\n")
            let silent =
                "f=$(mktemp) && exec >/dev/null 2>&1 && cat >$f && test $(wc -c <$f) = \(3 << 20); s=$?; rm $f; exit $s"
            let status = try await host.capture(RemoteCommand(silent), input: BytesInput(bytes)).status
            #expect(status == .exited(0))
        },
        promise("megabytes on standard error while standard output is awaited do not hang") { host in
            let line = "head -c 5000000 /dev/zero >&2; echo reached"
            let answer = try await host.capture(RemoteCommand(line))
            #expect(answer.text == "reached\n")
            #expect(answer.standardError.count == 5_000_000)
        },
        promise("input and output flow at once") { host in
            let bytes = [UInt8](repeating: 67, count: 16 << 20)
            let answer = try await host.capture(
                RemoteCommand("head -c \(bytes.count) /dev/zero >&2 & cat; wait"), input: BytesInput(bytes))
            #expect(answer.standardOutput.count == bytes.count)
            #expect(answer.standardError.count == bytes.count)
        },
        promise("a conversation over one command goes back and forth") { host in
            let pipe = InputPipe()
            let turns = Shared(0)
            pipe.write(Array("0\n".utf8))
            let line = "while read n; do echo $((n + 1)); done; echo bye"
            let last = Shared("")
            let status = try await host.run(RemoteCommand(line), input: pipe) { _, bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                last.withLock { $0 += text }
                guard text.hasSuffix("\n"), !text.contains("bye") else { return }
                let count = turns.withLock { turns in
                    turns += 1
                    return turns
                }
                if count == 50 { pipe.finish() } else { pipe.write(Array(text.utf8)) }
            }
            #expect(status == .exited(0))
            #expect(last.withLock { $0 }.hasSuffix("50\nbye\n"))
        },
        promise(heldStreams) { host in
            let start = ContinuousClock.now
            let answer = try await host.capture(RemoteCommand("(sleep 1; echo late) & echo early"))
            #expect(answer.text == "early\nlate\n")
            #expect(start.duration(to: .now) >= .milliseconds(900))
        },
        promise("a second run waits its turn") { host in
            let order = Shared<[String]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                let started = InputPipe()
                group.addTask {
                    _ = try await host.run(RemoteCommand("echo started; cat; echo ended"), input: started) { _, bytes in
                        order.withLock { $0.append("first " + String(decoding: bytes, as: UTF8.self)) }
                        if String(decoding: bytes, as: UTF8.self) == "started\n" {
                            order.withLock { $0.append("go") }
                        }
                    }
                }
                while order.withLock({ !$0.contains("go") }) { try await Task.sleep(for: .milliseconds(5)) }
                group.addTask {
                    _ = try await host.run(RemoteCommand("echo second"), input: EmptyInput()) { _, bytes in
                        order.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                    }
                }
                try await Task.sleep(for: .milliseconds(100))
                started.finish()
                try await group.waitForAll()
            }
            #expect(order.withLock { $0 } == ["first started\n", "go", "first ended\n", "second\n"])
        },
        promptPromise("cancelling ends a run within a second, and the connection", within: .seconds(1)) { host in
            let duration = try await cancelled { try await host.capture(RemoteCommand("echo up; sleep 30")) }
            await #expect(throws: (any Error).self) { try await host.capture(RemoteCommand("true")) }
            return duration
        },
        promptPromise("cancelling ends a run that waits its turn, and nothing else", within: .seconds(1)) { host in
            let pipe = InputPipe()
            async let first = host.capture(RemoteCommand("cat"), input: pipe)
            try await Task.sleep(for: .milliseconds(100))
            let duration = try await cancelled { try await host.capture(RemoteCommand("true")) }
            pipe.write(Array("whole".utf8))
            pipe.finish()
            let text = try await first.text
            #expect(text == "whole")
            return duration
        },
        promptPromise("closing during a run gives lost at once; a run after it fails", within: .seconds(1)) { host in
            let start = Shared(ContinuousClock.now)
            let status = try await host.run(RemoteCommand("echo up; sleep 30"), input: EmptyInput()) { _, _ in
                start.withLock { $0 = .now }
                Task { await host.close() }
            }
            let duration = start.value.duration(to: .now)
            #expect(status == .lost)
            await host.close()
            await #expect(throws: (any Error).self) { try await host.capture(RemoteCommand("true")) }
            return duration
        },
        promise("an error of the output callback ends the run with that error") { host in
            struct Full: Error {}
            await #expect(throws: Full.self) {
                try await host.run(RemoteCommand("echo a; sleep 30"), input: EmptyInput()) { _, _ in throw Full() }
            }
        },
        promise("an error of the input ends the run with that error") { host in
            struct Broken: Error {}
            struct BrokenInput: InputSource {
                func read(upTo maximum: Int) throws -> InputRead { throw Broken() }
                func setWaker(_ waker: @escaping @Sendable () -> Void) {}
            }
            await #expect(throws: Broken.self) {
                try await host.run(RemoteCommand("cat; sleep 30"), input: BrokenInput()) { _, _ in }
            }
        },
    ]

    /// Cancels the body's task after it has had time to start, and expects a `CancellationError`.
    /// - Returns: How long it took.
    private static func cancelled(
        _ body: @escaping @Sendable () async throws -> CapturedOutput
    ) async throws -> Duration {
        let task = Task { try await body() }
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        task.cancel()
        let result = await task.result
        let duration = start.duration(to: .now)
        #expect(throws: CancellationError.self) { try result.get() }
        return duration
    }
}

/// Expects that the body takes no longer than the limit in one of three tries: a busy machine can be late once.
/// - Parameter body: Answers how long the thing took.
public func expectPrompt(
    within limit: Duration, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Duration
) async throws {
    var durations: [Duration] = []
    while durations.count < 3 {
        let duration = try await body()
        if duration <= limit { return }
        durations.append(duration)
    }
    Issue.record("It took \(durations), which is longer than \(limit).", sourceLocation: sourceLocation)
}
