import Basemaps
import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import Synchronization
import SystemPackage

/// Connections to this machine.
struct LocalConnector: HostConnector {
    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost { LocalHost() }
}

/// Archives that a test has made with tar(1), one for each COPY in order.
final class PreparedArchives: CopyArchiveSource {
    private let archives: Mutex<[any CopyArchiveReading]>

    init(_ archives: [any CopyArchiveReading] = []) { self.archives = Mutex(archives) }

    func archive(for action: CopyAction) throws -> any CopyArchiveReading { archives.withLock { $0.removeFirst() } }
}

/// What happened, for questions.
final class Events: Sendable {
    private let list = Mutex<[ReplayEvent]>([])

    var all: [ReplayEvent] { list.withLock { $0 } }
    func append(_ event: ReplayEvent) { list.withLock { $0.append(event) } }

    func output(of task: TaskID) -> String {
        let bytes = all.reduce(into: [UInt8]()) { bytes, event in
            if case .taskOutput(task, let more) = event { bytes += more }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A plan of these actions, each on a line of its own.
func plan(_ actions: [(title: String, action: StepAction)]) -> Plan {
    let base = ResolvedBase(
        reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
        environment: [], sources: [])
    let steps = actions.enumerated().map { index, row in
        Step(
            number: index + 1, stage: "0", title: row.title, lines: LineRange(first: index + 2, last: index + 2),
            action: row.action, digest: "sha256:\(index)")
    }
    return Plan(base: base, steps: steps, config: ImageConfig(), warnings: [])
}

let usualPath = EnvironmentVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")

/// A RUN in shell form.
func run(_ text: String, user: String = "", directory: String = "/") -> (title: String, action: StepAction) {
    let action = RunAction(
        arguments: ["/bin/sh", "-c", text], environment: [usualPath], workingDirectory: directory, user: user)
    return ("RUN \(text)", .run(action))
}

/// A replayer on this machine, its state in a scratch directory, removed at the end.
func withReplayer(_ body: (Replayer, Events, ScratchDirectory) async throws -> Void) async throws {
    try await ScratchDirectory.with { scratch in
        var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
        options.asRoot = false
        options.connectTimeout = .seconds(20)
        let events = Events()
        let replayer = try await Replayer.start(LocalConnector(), options: options, log: scratch("build.log")) {
            events.append($0)
        }
        do {
            try await body(replayer, events, scratch)
        } catch {
            try? await replayer.finish(remove: true)
            throw error
        }
        try await replayer.finish(remove: true)
    }
}

/// Whether steps can have namespaces here.
let namespacesWork: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}()
