import Dispatch
import Glibc
public import RemoteHosts
import SSHTransport
public import Subprocess
import Synchronization
public import SystemPackage

/// A `RemoteHost` over processes of this machine: what a test uses where no server is wanted.
///
/// Each command is a session of its own under `/bin/sh -c`, on sockets as sshd gives them. Closing or cancelling kills
/// the command's process group; what the command put into another session lives on, as after a lost connection.
public final class LocalHost: RemoteHost {
    private enum Ending: Sendable {
        case ended
        case closed
        case cancelled
        case failed(any Error)
    }

    private struct State {
        var isClosed = false
        var wakeup: Wakeup?
    }

    private let environment: Subprocess.Environment
    private let workingDirectory: FilePath?
    private let turns = TurnQueue()
    private let queue = DispatchQueue(label: "replay.local-host")
    private let state = Mutex(State())

    /// Makes a host.
    /// - Parameters:
    ///   - environment: The environment of its commands.
    ///   - workingDirectory: Where its commands start; nil for the directory of this process.
    public init(environment: Subprocess.Environment = .inherit, workingDirectory: FilePath? = nil) {
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Whether `close` was called or a run was cancelled.
    public var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Runs a command line with `/bin/sh -c`.
    public func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus {
        guard command.terminal == nil else {
            throw SSHError(.commandRefused, "LocalHost has no terminals; test them over SSHServerFixture.")
        }
        return try await turns.withTurn {
            try await self.runInTurn(command, input: input, output: output)
        }
    }

    /// Kills the running command and refuses further ones.
    public func close() async {
        let wakeup = state.withLock { state in
            state.isClosed = true
            return state.wakeup
        }
        wakeup?.signal()
    }

    private func runInTurn(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus {
        try Task.checkCancellation()
        let wakeup = try Wakeup()
        try state.withLock { state in
            guard !state.isClosed else { throw SSHError(.closed, "The local host was closed.") }
            state.wakeup = wakeup
        }
        input.setWaker { wakeup.signal() }
        defer {
            input.setWaker {}
            state.withLock { $0.wakeup = nil }
        }
        var options = PlatformOptions()
        options.createSession = true
        let sockets = try Sockets()
        let cancelled = Atomic(false)
        let result = try await withTaskCancellationHandler {
            try await Subprocess.run(
                .path("/bin/sh"), arguments: ["-c", command.line], environment: environment,
                workingDirectory: workingDirectory, platformOptions: options,
                input: .fileDescriptor(sockets.peers[0], closeAfterSpawningProcess: true),
                output: .fileDescriptor(sockets.peers[1], closeAfterSpawningProcess: true),
                error: .fileDescriptor(sockets.peers[2], closeAfterSpawningProcess: true)
            ) { execution in
                let process = execution.processIdentifier
                let ending = await withCheckedContinuation { continuation in
                    queue.async {
                        let ending = self.pump(
                            sockets, exit: process.processDescriptor, wakeup: wakeup, input: input, output: output,
                            isCancelled: { cancelled.load(ordering: .acquiring) })
                        continuation.resume(returning: ending)
                    }
                }
                if case .ended = ending {} else { _ = kill(-process.value, SIGKILL) }
                return ending
            }
        } onCancel: {
            cancelled.store(true, ordering: .releasing)
            wakeup.signal()
        }
        switch result.closureResult {
        case .ended:
            return Self.status(of: result.terminationStatus)
        case .closed:
            return .lost
        case .cancelled:
            await close()
            throw CancellationError()
        case .failed(let error):
            await close()
            throw error
        }
    }

    /// Moves bytes until both streams have ended and the process has exited, as sshd does for a channel.
    private func pump(
        _ sockets: Sockets, exit: CInt, wakeup: Wakeup, input: any InputSource,
        output: (RemoteStream, [UInt8]) throws -> Void, isCancelled: () -> Bool
    ) -> Ending {
        var openStreams: Set<RemoteStream> = [.standardOutput, .standardError]
        var hasExited = false
        var pending: ArraySlice<UInt8> = []
        var inputIsOpen = true
        var inputIsStalled = false
        do {
            while !openStreams.isEmpty || !hasExited {
                if isCancelled() { return .cancelled }
                if isClosed { return .closed }
                if inputIsOpen && pending.isEmpty && !inputIsStalled {
                    switch try input.read(upTo: 256 << 10) {
                    case .bytes(let bytes): pending = bytes[...]
                    case .pending: inputIsStalled = true
                    case .end:
                        sockets.input.finishSending()
                        inputIsOpen = false
                    }
                }
                var entries = [
                    PollEntry(wakeup.descriptor),
                    PollEntry(exit, reading: !hasExited),
                    PollEntry(sockets.output.rawValue, reading: openStreams.contains(.standardOutput)),
                    PollEntry(sockets.error.rawValue, reading: openStreams.contains(.standardError)),
                    PollEntry(sockets.input.rawValue, reading: false, writing: !pending.isEmpty),
                ]
                try waitForReadiness(&entries, until: nil)
                if entries[0].isReadable {
                    wakeup.clear()
                    inputIsStalled = false
                }
                if entries[1].isReadable { hasExited = true }
                if entries[2].isReadable, try !Self.drain(sockets.output, .standardOutput, output) {
                    openStreams.remove(.standardOutput)
                }
                if entries[3].isReadable, try !Self.drain(sockets.error, .standardError, output) {
                    openStreams.remove(.standardError)
                }
                if entries[4].isWritable {
                    if let count = try? sockets.input.send(pending) {
                        pending = pending.dropFirst(count)
                    } else {
                        // The command does not read its input (any more), which is its right.
                        inputIsOpen = false
                        pending = []
                    }
                }
            }
            return .ended
        } catch {
            return .failed(error)
        }
    }

    private static func drain(
        _ socket: borrowing SocketDescriptor, _ stream: RemoteStream, _ output: (RemoteStream, [UInt8]) throws -> Void
    ) throws -> Bool {
        switch try socket.receive(upTo: 64 << 10) {
        case .bytes(let bytes):
            try output(stream, bytes)
            return true
        case .wouldBlock: return true
        case .end: return false
        }
    }

    private static func status(of termination: TerminationStatus) -> ExitStatus {
        switch termination {
        case .exited(let code): .exited(Int(code))
        case .signaled(let number): .signalled(name(ofSignal: number))
        }
    }

    private static func name(ofSignal number: CInt) -> String {
        let names: [CInt: String] = [
            SIGABRT: "ABRT", SIGALRM: "ALRM", SIGFPE: "FPE", SIGHUP: "HUP", SIGILL: "ILL", SIGINT: "INT",
            SIGKILL: "KILL", SIGPIPE: "PIPE", SIGQUIT: "QUIT", SIGSEGV: "SEGV", SIGTERM: "TERM", SIGUSR1: "USR1",
            SIGUSR2: "USR2",
        ]
        return names[number] ?? "SIG\(number)@local"
    }
}

/// The three sockets of a command; a class, so that noncopyable descriptors can be captured.
private final class Sockets: Sendable {
    let input: SocketDescriptor
    let output: SocketDescriptor
    let error: SocketDescriptor

    /// The command's ends; whoever starts the command closes them.
    let peers: [FileDescriptor]

    init() throws {
        var peers: [CInt] = [-1, -1, -1]
        input = try SocketDescriptor.pair(peer: &peers[0])
        output = try SocketDescriptor.pair(peer: &peers[1])
        error = try SocketDescriptor.pair(peer: &peers[2])
        self.peers = peers.map(FileDescriptor.init(rawValue:))
    }
}
