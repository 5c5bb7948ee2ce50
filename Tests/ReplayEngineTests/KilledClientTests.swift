import BuildClient
import BuildContexts
import Foundation
import RemoteHosts
import ReplayEngine
import ReplayPlan
import ReplayTestSupport
import SSHTransport
import SystemCalls
import SystemPackage
import Testing

/// Builds whose client dies without a word, again and again; each time another process goes on.
@Suite(
    "Killed clients", .serialized, .timeLimit(.minutes(20)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct KilledClientTests {
    @Test("kill -9 at 50 random moments: each step starts once, and the log is whole")
    func moments() async throws {
        var random = SeededNumbers()
        print("killed clients: seed \(random.seed)")
        try await SSHServerFixture.with { server in
            let context = try makeContext()
            var kills = 0
            var builds = 0
            while kills < 50 {
                builds += 1
                let build = try KillableBuild(number: builds, context: context, server: server)
                for _ in 0..<10 {
                    let client = try build.startClient()
                    try await Task.sleep(for: .milliseconds(Int.random(in: 20...1200, using: &random)))
                    client.send(SIGKILL)
                    if await client.result().status == 0 { break }
                    kills += 1
                }
                try await build.finishAndCheck("seed \(random.seed), build \(builds)")
            }
            print("\(kills) kills in \(builds) builds")
            try await expectNothingLeft(on: server)
        }
    }

    /// The points that a build passes on a machine that is there already.
    private static let points: [CrashPoint] = [
        .stepsNoted, .stepsQueued, .stepStarted, .outputLogged, .positionNoted, .stepFinished, .uploadStarted,
        .uploadFinished,
    ]

    @Test("A client that dies at any of the engine's crash points leaves a build that another one ends well")
    func crashPoints() async throws {
        try await SSHServerFixture.with { server in
            let context = try makeContext()
            var number = 100
            for point in Self.points {
                for pass in [.stepsNoted, .stepsQueued].contains(point) ? [1] : [1, 2] {
                    number += 1
                    let build = try KillableBuild(number: number, context: context, server: server)
                    let result = try await build.startClient(["REPLAY_CRASH_AT": "\(point.rawValue):\(pass)"]).result()
                    #expect(result.status == 128 + SIGKILL, "\(point) is passed \(pass) times\n\(result.errors)")
                    try await build.finishAndCheck("\(point):\(pass)")
                }
            }
            try await expectNothingLeft(on: server)
        }
    }

    private func makeContext() throws -> ScratchDirectory {
        let context = try ScratchDirectory("context")
        for number in 1...5 {
            try context.write(MadeText.lines(from: number * 1000, count: 2500), to: "f\(number)")
        }
        return context
    }

    private func expectNothingLeft(on server: SSHServerFixture) async throws {
        let connection = try await server.connect()
        let left = try await connection.capture(
            RemoteCommand("ls -d /var/lib/replay-*; ps ax -o args= | grep -c '[r]eplay-cut'"))
        #expect(left.text == "0\n", "\(left.text)")
        await connection.close()
    }
}

/// A build of twelve steps by a program of its own.
private struct KillableBuild {
    let steps: TwelveSteps
    let plan: Plan
    let scratch: ScratchDirectory
    let job: BuildJob

    /// Makes a build whose ninth and following steps are those of ``TwelveSteps``, and whose last but one writes more than the guest
    /// keeps for a client that has acknowledged it.
    init(number: Int, context: ScratchDirectory, server: SSHServerFixture) throws {
        steps = TwelveSteps(number: number, context: context)
        scratch = try ScratchDirectory("client")
        let paths = try DirectoryContext(root: context.path, dockerfile: nil).scan().items.map(\.path)
        var plan = steps.plan(paths)
        plan.steps[10].action = run("echo 11 >>\(steps.place)/count; seq 1300000").action
        self.plan = plan
        job = BuildJob(
            port: server.endpoint.port, user: server.user, privateKey: server.userKey.privateKey.text,
            hostKey: "\(server.hostKey)", build: "cut\(number)", context: context.path.string, plan: plan,
            directory: scratch.path.string)
        try scratch.write(JSONEncoder().encode(job), to: "job", mode: 0o600)
    }

    func startClient(_ environment: [String: String] = [:]) throws -> CommandRun {
        try CommandRun([PackagePlaces.program("BuildClient"), scratch("job").string], environment: environment)
    }

    /// Lets a client go on to the end, and compares what the builds' clients have logged together.
    func finishAndCheck(_ occasion: String) async throws {
        let result = try await startClient().result()
        #expect(result.status == 0, "\(occasion): \(result.errors)")
        #expect(result.output == (1...12).map { "step-\($0)" }.joined(separator: " ") + "\n", "\(occasion)")
        var expected = ""
        for (index, step) in plan.steps.enumerated() {
            expected += "=== [\(index + 1)/12] \(step.title)\n"
            switch index + 1 {
            case 11: expected += MadeText.lines(from: 1, count: 1_300_000)
            case 12: expected += try steps.lastOutput()
            case let number where TwelveSteps.printing.contains(number): expected += TwelveSteps.output(of: number)
            default: break
            }
            expected += "--- exit status 0\n"
        }
        let log = String(decoding: try scratch.read("log"), as: UTF8.self)
            .replacing(/--- exit status 0, [0-9.]+ seconds/, with: "--- exit status 0")
        let difference = MadeText.difference(log, expected)
        #expect(difference == nil, "\(occasion)")
    }
}
