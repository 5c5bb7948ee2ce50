import BuildContexts
import Crypto
import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

/// Builds over a real SSH server whose connections break.
@Suite(
    "Link loss over SSH", .serialized, .timeLimit(.minutes(30)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct LinkLossTests {
    @Test(
        "A 12-step build survives cuts at 1,000 random bytes",
        .enabled(if: SeededNumbers.isSoak, "takes minutes, and some seeds still fail: make soak"))
    func cuts() async throws {
        var random = SeededNumbers()
        let wanted = 1000
        print("cuts: seed \(random.seed)")
        let start = ContinuousClock.now
        try await SSHServerFixture.with { server in
            let proxy = try FaultProxy(to: server.endpoint)
            let context = try ScratchDirectory("context")
            for number in 1...5 {
                try context.write(MadeText.lines(from: number * 1000, count: 2500), to: "f\(number)")
            }
            var done = 0
            var builds = 0
            while done < wanted {
                builds += 1
                let build = TwelveSteps(number: builds, context: context)
                let before = proxy.connectionCount
                proxy.setFaults { faults in
                    faults.resets = Bool.random(using: &random)
                    faults.toClient.sliceSize = Bool.random(using: &random) ? 777 : nil
                    faults.cuts = (0..<25).map { _ in
                        // The program that every connection sends first has 30,000 bytes, the output 150,000.
                        Bool.random(using: &random)
                            ? .toServer(Int.random(in: 0..<70_000, using: &random))
                            : .toClient(Int.random(in: 0..<20_000, using: &random))
                    }
                }
                try await build.run(on: server, through: proxy, seed: random.seed)
                // The last connection was not cut.
                done += proxy.connectionCount - before - 1
            }
            print("\(done) cuts in \(builds) builds: \(ContinuousClock.now - start)")
            let connection = try await server.connect()
            let left = try await connection.capture(
                RemoteCommand("ls -d /var/lib/replay-*; ps ax -o args= | grep -c '[r]eplay-cut'"))
            #expect(left.text == "0\n", "\(left.text)")
            await connection.close()
        }
    }

    @Test("A million lines survive outages, and go on within three seconds of the link's return")
    func outages() async throws {
        var random = SeededNumbers()
        print("outages: seed \(random.seed)")
        let seconds: [Double] =
            SeededNumbers.isSoak
            ? (0..<8).map { _ in Double.random(in: 1...60, using: &random) } + [1, 60]
            : (0..<4).map { _ in Double.random(in: 1...2.5, using: &random) }
        try await SSHServerFixture.with { server in
            let proxy = try FaultProxy(to: server.endpoint)
            proxy.setFaults { $0.toClient.bytesPerSecond = 2 << 20 }
            let hash = Shared(SHA256())
            let count = Shared(0)
            let connector = SSHConnector(
                user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)
            ) { proxy.endpoint }
            try await ScratchDirectory.with { scratch in
                let replayer = try await Replayer.start(
                    connector, options: SupervisorOptions(build: "outages"), log: scratch("log")
                ) { event in
                    guard case .taskOutput(_, let bytes) = event else { return }
                    hash.withLock { $0.update(data: bytes) }
                    count.withLock { $0 += bytes.count }
                }
                let lines = Task {
                    try await replayer.run(plan([ReplayEngineTests.run("seq 1000000")]), archives: PreparedArchives())
                }
                for (number, length) in seconds.enumerated() {
                    let part = 6_888_896 * (number + 1) / (seconds.count + 1)
                    while count.value < part { try await Task.sleep(for: .milliseconds(2)) }
                    proxy.setFaults { $0.hangsUp = true }
                    proxy.cut()
                    try await Task.sleep(for: .seconds(length))
                    let there = count.value
                    proxy.setFaults { $0.hangsUp = false }
                    let back = ContinuousClock.now
                    while count.value == there { try await Task.sleep(for: .milliseconds(2)) }
                    print("outage of \(length) s: went on after \(ContinuousClock.now - back)")
                    #expect(ContinuousClock.now - back < .seconds(3), "seed \(random.seed)")
                }
                let results = try await lines.value
                #expect(results.map(\.end) == [.exited(0)])
                try await replayer.finish(remove: true)
            }
            var expected = SHA256()
            for first in stride(from: 1, through: 1_000_000, by: 10_000) {
                expected.update(data: Array(MadeText.lines(from: first, count: 10_000).utf8))
            }
            #expect(count.value == 6_888_896)
            #expect(Array(hash.value.finalize()) == Array(expected.finalize()), "seed \(random.seed)")
        }
    }
}

/// Text that both sides can make.
enum MadeText {
    /// What seq(1) prints.
    static func lines(from first: Int, count: Int) -> String {
        var text = ""
        for number in first..<first + count { text += "\(number)\n" }
        return text
    }

    /// Where two texts begin to differ, in words that fit a line.
    static func difference(_ found: String, _ expected: String) -> String? {
        guard found != expected else { return nil }
        let common = zip(found.utf8, expected.utf8).prefix { $0 == $1 }.count
        func part(_ text: String) -> String { String(decoding: text.utf8.dropFirst(common).prefix(30), as: UTF8.self) }
        return "\(found.utf8.count) instead of \(expected.utf8.count) bytes; from byte \(common) on "
            + "'\(part(found))' instead of '\(part(expected))'"
    }
}
