import Crypto
import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

/// Bytes that are made as they are read: a block of random bytes, again and again. The same for the same seed.
final class MadeBytes: InputSource {
    private struct State {
        var left: Int
        var offset = 0
        var hash = SHA256()
    }

    private let block: [UInt8]
    private let state: Shared<State>

    init(count: Int, seed: UInt64) {
        var generator = SeededNumbers(seed: seed)
        // An odd length, so that no two chunks are the same.
        block = (0..<65_537).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        state = Shared(State(left: count))
    }

    func read(upTo maximum: Int) -> InputRead {
        state.withLock { state in
            guard state.left > 0 else { return .end }
            let count = min(maximum, state.left, block.count - state.offset)
            let bytes = Array(block[state.offset..<state.offset + count])
            state.offset = (state.offset + count) % block.count
            state.left -= count
            state.hash.update(data: bytes)
            return .bytes(bytes)
        }
    }

    func setWaker(_ waker: @escaping @Sendable () -> Void) {}

    /// The digest of what was read.
    var digest: String {
        state.withLock { $0.hash.finalize() }.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
}

@Suite("Links", .serialized, .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(3)))
struct LinkTests {
    @Test(
        "A link cut anywhere loses nothing, doubles nothing, and runs no step twice",
        arguments: [1, 2, 3, 4] as [UInt64])
    func cuts(seed: UInt64) async throws {
        var random = SeededNumbers(seed: seed)
        // The greeting is about 100 bytes, the whole about 300,000.
        let cuts = (0..<12).map { _ in Int.random(in: 0..<40_000, using: &random) }
        let connector = LocalConnector(cuts: cuts)
        try await withGuest(connector: connector, adjust: { $0.reconnectTimeout = .seconds(20) }) {
            guest, log, scratch in
            let counter = scratch("count").string
            for number in 1...8 {
                guest.queue(
                    shellStep(
                        "s\(number)",
                        "echo \(number) >>\(counter); seq \(number)00000 \(number)05000; exit \(number - 1)",
                        stops: false))
            }
            for number in 1...8 {
                let result = try await guest.result(of: "s\(number)")
                #expect(result.end == .exited(number - 1), "seed \(seed)")
                let expected = (number * 100_000...number * 100_000 + 5000).map { "\($0)\n" }.joined()
                #expect(log.text(of: "s\(number)") == expected, "seed \(seed), step \(number)")
                #expect(log.starts(of: "s\(number)") == 1, "seed \(seed)")
            }
            #expect(String(decoding: try scratch.read("count"), as: UTF8.self) == (1...8).map { "\($0)\n" }.joined())
            #expect(connector.connections > 3)
        }
    }

    @Test("An upload goes on where it stopped when the link is cut")
    func uploadAcrossCuts() async throws {
        let connector = LocalConnector()
        try await withGuest(connector: connector, adjust: { $0.reconnectTimeout = .seconds(20) }) { guest, log, _ in
            let bytes = MadeBytes(count: 30_000_000, seed: 7)
            let cutting = Task {
                for _ in 1...3 {
                    try await Task.sleep(for: .milliseconds(80))
                    await connector.cut()
                }
            }
            guest.queue(SupervisedStep(id: "sum", script: "sha256sum <blobs/b.ready; cat blobs/b.sha256", blob: "b"))
            let size = try await guest.upload(blob: "b", from: bytes, digest: { bytes.digest })
            #expect(size == 30_000_000)
            let result = try await guest.result(of: "sum")
            #expect(result.succeeded)
            #expect(log.text(of: "sum") == "\(bytes.digest)  -\n\(bytes.digest)\n")
            cutting.cancel()
        }
    }

    @Test("A million lines arrive whole, and their space is given back as they are read")
    func millionLines() async throws {
        let connector = LocalConnector()
        try await withGuest(connector: connector) { guest, log, scratch in
            let before = ContinuousClock.now
            guest.queue(shellStep("s", "seq -w 1000000 | sed 's/$/ abcdefghijklmnopqrstuvwxyz/'"))
            let cutting = Task {
                for _ in 1...4 {
                    try await Task.sleep(for: .milliseconds(100))
                    await connector.cut()
                }
            }
            let result = try await guest.result(of: "s")
            #expect(result.succeeded)
            cutting.cancel()
            print("a million lines: \(ContinuousClock.now - before)")
            let bytes = log.output(of: "s")
            #expect(bytes.count == 35 * 1_000_000)
            var hash = SHA256()
            for number in 1...1_000_000 {
                let digits = String(number)
                hash.update(
                    data: Array(
                        (String(repeating: "0", count: 7 - digits.count) + digits + " abcdefghijklmnopqrstuvwxyz\n")
                            .utf8))
            }
            #expect(Array(SHA256.hash(data: bytes)) == Array(hash.finalize()))
            let size = try shell("stat -c '%s %b' \(scratch("replay-state/output"))").split(
                whereSeparator: \.isWhitespace
            ).compactMap {
                Int($0)
            }
            #expect(size[0] > 35_000_000)
            #expect(size[1] * 512 < 20_000_000)
        }
    }

    @Test("A silent link counts as lost and is opened again")
    func silence() async throws {
        let connector = LocalConnector()
        try await withGuest(
            connector: connector,
            adjust: {
                $0.pingInterval = .milliseconds(100)
                $0.silenceTimeout = .milliseconds(500)
            }
        ) { guest, log, scratch in
            guest.queue(shellStep("s", "sleep 2; echo done"))
            while log.starts(of: "s") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            // The supervisor's end of the connection stops, as when the network swallows everything.
            try shell("read -r pid _ <\(scratch("replay-state/attach")); kill -s STOP -- -$pid")
            let result = try await guest.result(of: "s")
            #expect(result.succeeded)
            #expect(log.text(of: "s") == "done\n")
            #expect(connector.connections == 2)
            #expect(log.events.contains(.linkLost))
            #expect(log.events.contains(.linkRestored))
        }
    }

    @Test("A second client finds what the first one left: steps that ran, and the one that runs")
    func takingOver() async throws {
        try await ScratchDirectory.with { scratch in
            var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
            options.asRoot = false
            let first = try await SupervisedGuest.start(LocalConnector(), options: options)
            let done = try await first.run(shellStep("a", "echo a; exit 0"))
            #expect(done.succeeded)
            first.queue(shellStep("b", "sleep 0.3; echo b"))
            first.queue(shellStep("c", "echo c"))
            try await Task.sleep(for: .milliseconds(100))
            try await first.finish(remove: false)
            let log = EventLog()
            let second = try await SupervisedGuest.start(LocalConnector(), options: options) { log.append($0) }
            for id in ["a", "b", "c"] { second.queue(shellStep(id, "exit 9")) }
            for id in ["a", "b", "c"] {
                let result = try await second.result(of: id)
                #expect(result.succeeded)
            }
            #expect(log.text(of: "b") == "b\n")
            #expect(log.text(of: "c") == "c\n")
            try await second.finish(remove: true)
            #expect(!scratch.holds("replay-state"))
        }
    }

    @Test("A step of a first client that begins and ends before a second one asks for it has ended for that one too")
    func endedUnasked() async throws {
        try await ScratchDirectory.with { scratch in
            var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
            options.asRoot = false
            let first = try await SupervisedGuest.start(LocalConnector(), options: options)
            first.queue(shellStep("a", "while [ ! -e \(scratch("go")) ]; do sleep 0.02; done"))
            first.queue(shellStep("b", "echo b"))
            while !scratch.holds("replay-state/current") { try await Task.sleep(for: .milliseconds(5)) }
            try await first.finish(remove: false)
            let log = EventLog()
            let second = try await SupervisedGuest.start(LocalConnector(), options: options, from: GuestPosition()) {
                log.append($0)
            }
            try scratch.write("", to: "go")
            while !log.events.contains(where: { if case .finished(let end) = $0 { end.id == "b" } else { false } }) {
                try await Task.sleep(for: .milliseconds(5))
            }
            second.queue(shellStep("b", "exit 9"))
            let result = try await second.result(of: "b")
            #expect(result.succeeded)
            #expect(log.text(of: "b") == "b\n")
            try await second.finish(remove: true)
        }
    }

    @Test("A full disk fails the upload with a message, and steps still end with their status")
    func fullDisk() async throws {
        try await ScratchDirectory.with { scratch in
            let mount = scratch("small").string
            let connector = SmallDiskConnector(directory: mount)
            var options = SupervisorOptions(stateDirectory: mount + "/state")
            options.asRoot = false
            options.pingInterval = .milliseconds(300)
            let log = EventLog()
            let guest = try await SupervisedGuest.start(connector, options: options) { log.append($0) }
            let error = await #expect(throws: GuestSupervisorError.self) {
                try await guest.upload(blob: "b", from: MadeBytes(count: 8_000_000, seed: 1))
            }
            #expect(error?.code == .uploadFailed)
            let result = try await guest.run(shellStep("s", "exit 5", stops: false))
            #expect(result.end == .exited(5))
            let fill = "cat /dev/zero >\(mount)/fill; seq 1000000; rm \(mount)/fill; exit 6"
            let full = try await guest.run(shellStep("t", fill, stops: false))
            #expect(full.end == .exited(6))
            let after = try await guest.run(shellStep("u", "echo room again"))
            #expect(after.succeeded)
            #expect(log.text(of: "u") == "room again\n")
            try await guest.finish(remove: true)
        }
    }
}

/// Connections to this machine in a mount namespace of their own, where a directory is a disk of 4 MiB.
struct SmallDiskConnector: HostConnector {
    let directory: String

    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        SmallDiskHost(host: LocalHost(), directory: directory)
    }
}

struct SmallDiskHost: RemoteHost {
    let host: LocalHost
    let directory: String

    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> RemoteHosts.ExitStatus {
        let setup = "mkdir -p '\(directory)' && mount -t tmpfs -o size=4m none '\(directory)' && \(command.line)"
        let quoted = setup.replacing("'", with: "'\\''")
        return try await host.run(
            RemoteCommand("exec unshare --mount /bin/sh -c '\(quoted)'"), input: input, output: output)
    }

    func close() async { await host.close() }
}
