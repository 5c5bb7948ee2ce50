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

/// A build of twelve steps that leaves a trace of each start.
struct TwelveSteps {
    let number: Int
    let context: ScratchDirectory

    private var place: String { "/srv/cut\(number)" }

    private func print(_ step: Int) -> (title: String, action: StepAction) {
        let text =
            "echo \(step) >>\(place)/count; seq \(step)0000 \(step)0999; sleep 0.1; seq \(step)1000 \(step)1999; exit 0"
        return ReplayEngineTests.run(text)
    }

    func run(on server: SSHServerFixture, through proxy: FaultProxy, seed: UInt64) async throws {
        let directory = try DirectoryContext(root: context.path, dockerfile: nil)
        let paths = try directory.scan().items.map(\.path)
        let manifest = try await directory.complete(directory.scan(), for: ContextNeeds(digests: paths))
        func copy(_ target: String) -> (title: String, action: StepAction) {
            let source = CopySource.directory(path: "", entries: paths)
            return ("COPY . \(target)", .copy(CopyAction(sources: [source], destination: target)))
        }
        let plan = plan([
            ReplayEngineTests.run("mkdir \(place); echo 1 >>\(place)/count"), print(2), print(3), copy("\(place)/a/"),
            print(5), print(6),
            ("WORKDIR \(place)/w", .makeDirectory(MakeDirectoryAction(path: "\(place)/w", user: ""))),
            print(8), copy("\(place)/b/"), print(10), print(11),
            ReplayEngineTests.run("cd \(place); cat count; sha256sum a/* b/*; ls -d w"),
        ])
        var pacing = SSHConnector.Pacing()
        pacing.firstPause = .milliseconds(10)
        pacing.longestPause = .milliseconds(50)
        pacing.loginInterval = .milliseconds(20)
        pacing.penaltyPause = .milliseconds(20)
        let connector = SSHConnector(
            user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey), pacing: pacing
        ) { proxy.endpoint }
        var options = SupervisorOptions(build: "cut\(number)")
        options.retryPause = .milliseconds(20)
        let events = Events()
        try await ScratchDirectory.with { scratch in
            let replayer = try await Replayer.start(
                connector, options: options, log: scratch("log")
            ) { events.append($0) }
            let results = try await replayer.run(
                plan, archives: ContextArchives(directory, manifest: manifest))
            proxy.setFaults { $0.cuts = [] }
            try await replayer.finish(remove: true)
            let ids = (1...12).map { "step-\($0)" }
            #expect(results.map(\.id) == ids, "seed \(seed), build \(number)")
            let succeeded = results.filter(\.succeeded).count
            #expect(succeeded == 12, "seed \(seed), build \(number)")
            for step in [2, 3, 5, 6, 8, 10, 11] {
                let difference = MadeText.difference(
                    events.output(of: .step(step)), MadeText.lines(from: step * 10_000, count: 2000))
                #expect(difference == nil, "seed \(seed), build \(number), step \(step)")
                let start = ReplayEvent.taskStarted(
                    .step(step), label: "[\(step)/12] \(plan.steps[step - 1].title)")
                let starts = events.all.filter { $0 == start }.count
                #expect(starts == 1, "seed \(seed), build \(number), step \(step)")
            }
            var expected = [1, 2, 3, 5, 6, 8, 10, 11].map { "\($0)\n" }.joined()
            for target in ["a", "b"] {
                for file in 1...5 {
                    let digest = SHA256.hash(data: try context.read("f\(file)"))
                    expected += digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
                    expected += "  \(target)/f\(file)\n"
                }
            }
            let last = events.output(of: .step(12))
            #expect(last == expected + "w\n", "seed \(seed), build \(number)")
        }
    }
}
