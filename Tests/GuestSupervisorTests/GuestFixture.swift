import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import Synchronization
import SystemPackage

/// Connections to this machine, each of which may be cut after a number of bytes from the guest.
final class LocalConnector: HostConnector {
    private struct State {
        var cuts: [Int] = []
        var connections = 0
        var hosts: [LocalHost] = []
    }

    private let state = Mutex(State())

    /// Each connection but the last ends after the number of bytes that is its own.
    init(cuts: [Int] = []) { state.withLock { $0.cuts = cuts } }

    var connections: Int { state.withLock { $0.connections } }

    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        let (host, cut) = state.withLock { state in
            let host = LocalHost()
            state.connections += 1
            state.hosts.append(host)
            return (host, state.cuts.isEmpty ? nil : state.cuts.removeFirst())
        }
        return CutHost(host: host, limit: cut)
    }

    /// Ends the connection that is open now.
    func cut() async { await state.withLock { $0.hosts.last }?.close() }
}

/// A host whose connection breaks after a number of bytes, in the middle of whatever is under way.
final class CutHost: RemoteHost {
    struct Broken: Error {}

    private let host: LocalHost
    private let left: Mutex<Int?>

    init(host: LocalHost, limit: Int?) {
        self.host = host
        left = Mutex(limit)
    }

    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus {
        try await host.run(command, input: input) { stream, bytes in
            let allowed = self.left.withLock { left -> Int in
                guard let now = left else { return bytes.count }
                left = max(0, now - bytes.count)
                return min(now, bytes.count)
            }
            if allowed > 0 { try output(stream, Array(bytes[..<allowed])) }
            if allowed < bytes.count { throw Broken() }
        }
    }

    func close() async { await host.close() }
}

/// What happened on the guest, kept for questions.
final class EventLog: Sendable {
    private let log = Mutex<[GuestEvent]>([])

    func append(_ event: GuestEvent) { log.withLock { $0.append(event) } }
    var events: [GuestEvent] { log.withLock { $0 } }

    func output(of id: String) -> [UInt8] {
        log.withLock { events in
            events.reduce(into: []) { bytes, event in
                if case .output(id, let more) = event { bytes += more }
            }
        }
    }

    func text(of id: String) -> String { String(decoding: output(of: id), as: UTF8.self) }
    func starts(of id: String) -> Int { log.withLock { $0.count { $0 == .started(id) } } }
}

/// A supervised guest on this machine, with its state in a scratch directory, removed at the end.
func withGuest<Value: Sendable>(
    shell: String = "/bin/sh", connector: LocalConnector = LocalConnector(),
    adjust: (inout SupervisorOptions) -> Void = { _ in },
    _ body: (SupervisedGuest, EventLog, ScratchDirectory) async throws -> Value
) async throws -> Value {
    try await ScratchDirectory.with { scratch in
        var options = SupervisorOptions(stateDirectory: scratch("replay-state").string, shell: shell)
        options.asRoot = false
        options.connectTimeout = .seconds(20)
        adjust(&options)
        let log = EventLog()
        let guest = try await SupervisedGuest.start(connector, options: options) { log.append($0) }
        do {
            let value = try await body(guest, log, scratch)
            try await guest.finish(remove: true)
            return value
        } catch {
            if let errors = try? scratch.read("replay-state/errors"), !errors.isEmpty {
                print("supervisor's errors:", String(decoding: errors, as: UTF8.self))
            }
            try? await guest.finish(remove: true)
            throw error
        }
    }
}

/// A step that runs a line of sh as root in `/` with a usual PATH.
func shellStep(_ id: String, _ line: String, stops: Bool = true) -> SupervisedStep {
    var script = StepScript(arguments: ["/bin/sh", "-c", line])
    script.environment = [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")]
    return SupervisedStep(id: id, script: script.text, stopsQueueOnFailure: stops)
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

/// The shells of this machine that can be the supervisor's.
let shells: [String] = [
    ("/bin/dash", "/bin/dash"), ("/bin/bash", "/bin/bash"), ("/bin/busybox", "/bin/busybox sh"), ("/bin/sh", "/bin/sh"),
].filter { FileManager.default.isExecutableFile(atPath: $0.0) }.map(\.1)

/// Whether something becomes true within five seconds: what the kernel or another program does in its own time, of which nobody
/// tells the end.
func isSoon(_ condition: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(5)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}

/// Runs a line of sh on this machine and answers its output.
@discardableResult
func shell(_ line: String) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", line]
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
}
