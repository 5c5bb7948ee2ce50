internal import Clouds
internal import Subprocess
internal import Synchronization
internal import SystemCalls
internal import SystemPackage

/// A QEMU that this process started: watched, so that it leaves no zombie, until it ends.
///
/// It runs in a session of its own: Ctrl-C in the terminal does not reach it, and it outlives this process if nobody
/// ends it.
final class MachineProcess: Sendable {
    /// Which process it is.
    let identity: ProcessIdentity
    private let end: Task<MachineEnd, Never>
    private let control = Mutex<QMPClient?>(nil)
    private let cause = Mutex<String?>(nil)

    private init(_ identity: ProcessIdentity, _ end: Task<MachineEnd, Never>) {
        self.identity = identity
        self.end = end
    }

    /// Starts the program; its output goes to a log file.
    /// - Throws: ``CloudError`` when it cannot be started at all.
    static func start(_ program: FilePath, _ arguments: [String], log: FilePath) async throws -> MachineProcess {
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(
                log, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        } catch { throw CloudError(.launchFailed, "The log '\(log)' cannot be written.", cause: error) }
        var options = PlatformOptions()
        options.createSession = true
        let (started, report) = AsyncThrowingStream<Int32, any Error>.makeStream()
        // Unstructured on purpose: the process must be waited for whatever becomes of the task that starts it.
        let end = Task.detached { [options] in
            defer { report.finish() }
            do {
                let result = try await Subprocess.run(
                    .path(program), arguments: Arguments(arguments),
                    environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options,
                    input: .none, output: .fileDescriptor(file, closeAfterSpawningProcess: true),
                    error: .combinedWithOutput
                ) { execution in
                    report.yield(execution.processIdentifier.value)
                    report.finish()
                }
                switch result.terminationStatus {
                case .exited(let status): return MachineEnd(status: Int32(status), complaint: "")
                case .signaled(let signal): return MachineEnd(signal: Int32(signal), complaint: "")
                }
            } catch {
                report.finish(throwing: error)
                return MachineEnd(status: nil, complaint: "\(error)")
            }
        }
        do {
            for try await number in started {
                // Between a process's end and its being waited for, its number still leads to it.
                guard let identity = ProcessIdentity(of: number) else { break }
                return MachineProcess(identity, end)
            }
        } catch {
            throw CloudError(.launchFailed, "'\(program)' cannot be started.", cause: error)
        }
        let complaint = MachineProcess.complaint(in: log)
        throw CloudError(.launchFailed, "QEMU ended at once: \(complaint.isEmpty ? "no reason given" : complaint)")
    }

    /// QEMU's control connection; nil while there is none.
    var qmp: QMPClient? { control.withLock { $0 } }

    /// Waits until QEMU has set the machine up, and connects to it.
    /// - Throws: What the end of QEMU was, as ``CloudError``; `.timedOut`.
    func connect(_ paths: MachinePaths, within limit: Duration) async throws -> QMPClient {
        let client = try await Waiter(firstPause: .milliseconds(10), longestPause: .milliseconds(100)).wait(
            for: "QEMU setting up the machine", within: limit
        ) { () async throws -> QMPClient? in
            // Asked first: the socket of what has ended leads nowhere.
            let isAlive = self.isRunning
            do {
                return try await QMPClient.connect(to: paths.socket, patience: limit) { event in
                    guard event.name == "SHUTDOWN" || event.name == "GUEST_PANICKED" else { return }
                    self.cause.withLock { cause in
                        // The panic comes first, and the shutdown that follows from it has the same reason.
                        cause = cause ?? (event.name == "GUEST_PANICKED" ? "guest-panic" : event.data["reason"]?.text)
                    }
                }
            } catch let error as SystemCallError where isAlive {
                guard [.noSuchFileOrDirectory, .connectionRefused].contains(error.code) else { throw error }
                return nil
            } catch  where !isAlive {
                throw CloudError(
                    .launchFailed, "QEMU could not set up the machine: \(MachineProcess.complaint(in: paths.log))")
            } catch let error as CloudError where error.code == .notFound {
                // It ended while it greeted us: the next question finds it gone.
                return nil
            }
        }
        control.withLock { $0 = client }
        return client
    }

    /// Whether it still runs.
    var isRunning: Bool { identity.isRunning }

    /// Waits for the end of the process, and of the connection to it.
    func waitForEnd(_ paths: MachinePaths) async -> MachineEnd {
        var end = await end.value
        // All events are in when the connection is closed.
        await qmp?.waitUntilClosed()
        end.cause = cause.withLock { $0 }
        end.complaint = MachineProcess.complaint(in: paths.log)
        return end
    }

    /// The last lines of a log that say something.
    static func complaint(in log: FilePath) -> String {
        let bytes = (try? SmallFile.readEnd(of: log, last: 4096)) ?? []
        return ConsoleText.lines(of: bytes).filter { !$0.contains("warning:") && !$0.contains(MachineEnd.tracedEvent) }
            .suffix(3).joined(separator: " ")
    }
}
