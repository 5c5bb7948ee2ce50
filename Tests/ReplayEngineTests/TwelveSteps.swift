import BuildContexts
import Crypto
import GuestSupervisor
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

/// A build of twelve steps that leaves a trace of each start.
struct TwelveSteps {
    let number: Int
    let context: ScratchDirectory

    /// Where on the guest it leaves its traces.
    var place: String { "/srv/cut\(number)" }

    private func print(_ step: Int) -> (title: String, action: StepAction) {
        let text =
            "echo \(step) >>\(place)/count; seq \(step)0000 \(step)0999; sleep 0.1; seq \(step)1000 \(step)1999; exit 0"
        return ReplayEngineTests.run(text)
    }

    /// The plan of a context with these paths.
    func plan(_ paths: [String]) -> Plan {
        func copy(_ target: String) -> (title: String, action: StepAction) {
            let source = CopySource.directory(path: "", entries: paths)
            return ("COPY . \(target)", .copy(CopyAction(sources: [source], destination: target)))
        }
        return ReplayEngineTests.plan([
            ReplayEngineTests.run("mkdir \(place); echo 1 >>\(place)/count"), print(2), print(3), copy("\(place)/a/"),
            print(5), print(6),
            ("WORKDIR \(place)/w", .makeDirectory(MakeDirectoryAction(path: "\(place)/w", user: ""))),
            print(8), copy("\(place)/b/"), print(10), print(11),
            ReplayEngineTests.run("cd \(place); cat count; sha256sum a/* b/*; ls -d w"),
        ])
    }

    /// What a step prints that prints.
    static func output(of step: Int) -> String { MadeText.lines(from: step * 10_000, count: 2000) }
    /// The steps that print numbers.
    static let printing = [2, 3, 5, 6, 8, 10, 11]

    /// What the last step prints: which steps have started, in order, and what is in the files.
    func lastOutput() throws -> String {
        var expected = ([1] + Self.printing).map { "\($0)\n" }.joined()
        for target in ["a", "b"] {
            for file in 1...5 {
                let digest = SHA256.hash(data: try context.read("f\(file)"))
                expected += digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
                expected += "  \(target)/f\(file)\n"
            }
        }
        return expected + "w\n"
    }

    func run(on server: SSHServerFixture, through proxy: FaultProxy, seed: UInt64) async throws {
        let directory = try DirectoryContext(root: context.path, dockerfile: nil)
        let paths = try directory.scan().items.map(\.path)
        let manifest = try await directory.complete(directory.scan(), for: ContextNeeds(digests: paths))
        let plan = plan(paths)
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
            for step in Self.printing {
                let difference = MadeText.difference(events.output(of: .step(step)), Self.output(of: step))
                #expect(difference == nil, "seed \(seed), build \(number), step \(step)")
                let start = ReplayEvent.taskStarted(
                    .step(step), label: "[\(step)/12] \(plan.steps[step - 1].title)")
                let starts = events.all.filter { $0 == start }.count
                #expect(starts == 1, "seed \(seed), build \(number), step \(step)")
            }
            let last = events.output(of: .step(12))
            #expect(try last == lastOutput(), "seed \(seed), build \(number)")
        }
    }
}
