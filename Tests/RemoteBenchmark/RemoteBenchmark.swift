import Basemaps
import BuildContexts
import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import TerminalProgress

/// Measures the engine over SSH for `make bench`. It is no part of what is installed.
///
/// ```
/// RemoteBenchmark serve ROUND-TRIP…                     a server for all peers; milliseconds
/// RemoteBenchmark steps SERVER ROUND-TRIP               20 × RUN true, five times
/// RemoteBenchmark copy SERVER ROUND-TRIP DIRECTORY      COPY of a directory, three times
/// RemoteBenchmark print SERVER ROUND-TRIP MODE          a RUN that prints 200 MB; the screen goes to standard error
/// ```
@main struct RemoteBenchmark {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("serve", 1...): try await BenchmarkServer.serve(roundTrips: arguments.dropFirst().compactMap { Int($0) })
        case ("steps", 3): try await measure(arguments) { try await steps($0) }
        case ("copy", 4):
            let uploads = UploadTimes()
            try await measure(arguments, events: { uploads.note($0) }) {
                ["seconds": try await copy($0, of: FilePath(arguments[3])), "upload": uploads.seconds]
            }
        case ("print", 4):
            let renderer = ProgressRenderer(ProgressMode(rawValue: arguments[3]) ?? .plain) { bytes in
                _ = try? FileDescriptor.standardError.writeAll(bytes)
            }
            try await measure(arguments, events: { renderer.handle($0) }) { try await output($0) }
            renderer.finish()
        default: exit(2)
        }
    }

    /// Runs a measurement on a fresh connection, and prints it with the peak memory of this process.
    private static func measure(
        _ arguments: [String], events: @escaping EventHandler = { _ in },
        _ body: (Replayer) async throws -> [String: [Double]]
    ) async throws {
        let server = try BenchmarkServer.load(arguments[1])
        var figures = try await ScratchDirectory.with { scratch in
            let replayer = try await Replayer.start(
                server.connector(roundTrip: Int(arguments[2]) ?? 0), options: SupervisorOptions(build: "benchmark"),
                log: scratch("log"), events: events)
            let figures: [String: [Double]]
            do {
                figures = try await body(replayer)
            } catch let error as ReplayError {
                // What the step said, which the error's one sentence leaves out.
                print((["\(error)"] + error.context).joined(separator: "\n"))
                exit(1)
            }
            try await replayer.finish(remove: true)
            return figures
        }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
        let peak = status.first { $0.hasPrefix("VmHWM") }.flatMap { Double($0.filter(\.isNumber)) }
        figures["peak"] = [(peak ?? 0) / 1024]
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }

    private static func steps(_ replayer: Replayer) async throws -> [String: [Double]] {
        let plan = plan(
            (1...20).map { number in
                (
                    "RUN true",
                    .run(
                        RunAction(
                            arguments: ["/bin/sh", "-c", "true"], environment: [], workingDirectory: "/", user: ""))
                )
            })
        var seconds: [Double] = []
        for attempt in 1...5 {
            seconds.append(
                try await time { try await replayer.run(plan, archives: NoArchives(), attempt: attempt) })
        }
        return ["seconds": seconds]
    }

    private static func copy(_ replayer: Replayer, of root: FilePath) async throws -> [Double] {
        var seconds: [Double] = []
        for attempt in 1...3 {
            seconds.append(
                try await time {
                    let context = try DirectoryContext(root: root, dockerfile: nil)
                    let paths = try context.scan()
                    let manifest = try await context.complete(
                        paths, for: ContextNeeds(digests: paths.items.filter(\.entry.isFile).map(\.path)))
                    let source = CopySource.directory(path: "", entries: manifest.items.map(\.path))
                    let action = CopyAction(sources: [source], destination: "/var/lib/copy\(attempt)")
                    try await replayer.run(
                        plan([("COPY", .copy(action))], digest: "\(attempt)"),
                        archives: ContextArchives(context, manifest: manifest), attempt: attempt)
                })
        }
        return seconds
    }

    private static func output(_ replayer: Replayer) async throws -> [String: [Double]] {
        let text = "yes 'Get:1 http://archive.example/debian bookworm/main amd64 libexample1 1.0-1' | head -c 200000000"
        let action = RunAction(
            arguments: ["/bin/sh", "-c", text],
            environment: [EnvironmentVariable("PATH", "/usr/bin:/bin")], workingDirectory: "/", user: "")
        return [
            "seconds": [
                try await time {
                    try await replayer.run(plan([("RUN print", .run(action))]), archives: NoArchives())
                }
            ]
        ]
    }

    private static func time(_ body: () async throws -> Void) async throws -> Double {
        try await ContinuousClock().measure { try await body() } / .seconds(1)
    }

    private static func plan(_ actions: [(title: String, action: StepAction)], digest: String = "") -> Plan {
        let base = ResolvedBase(
            reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
            environment: [], sources: [])
        let steps = actions.enumerated().map { index, row in
            Step(
                number: index + 1, stage: "0", title: row.title, lines: LineRange(first: index + 2, last: index + 2),
                action: row.action, digest: "sha256:\(digest)\(index)")
        }
        return Plan(base: base, steps: steps, config: ImageConfig(), warnings: [])
    }
}

/// How long each upload took.
final class UploadTimes: Sendable {
    private let times = Shared<(start: ContinuousClock.Instant, seconds: [Double])>((.now, []))

    var seconds: [Double] { times.withLock { $0.seconds } }

    func note(_ event: ReplayEvent) {
        switch event {
        case .taskStarted(let task, _) where task.name.hasPrefix("upload"): times.withLock { $0.start = .now }
        case .taskFinished(let task, _) where task.name.hasPrefix("upload"):
            times.withLock { $0.seconds.append((ContinuousClock.now - $0.start) / .seconds(1)) }
        default: break
        }
    }
}

/// Plans without COPY.
struct NoArchives: CopyArchiveSource {
    func archive(for action: CopyAction) throws -> any CopyArchiveReading { throw Errno.noSuchFileOrDirectory }
}

extension ContextEntry {
    fileprivate var isFile: Bool { if case .file = kind { true } else { false } }
}
