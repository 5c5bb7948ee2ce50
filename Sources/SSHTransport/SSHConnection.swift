public import RemoteHosts
import SystemCalls

/// One SSH connection to a machine.
///
/// The connection is an actor on a queue of its own, where the library's operations wait with `poll(2)`: none of them
/// suspends, so that the compiler sees to it that there is never a second one in the middle of a first, which the
/// library does not allow.
///
/// What it knows of a command's end is what the server says. libssh2 cannot tell a missing exit status from 0, so
/// where it matters success is to be told in-band.
public actor SSHConnection: RemoteHost {
    /// Where the server listens.
    public nonisolated let endpoint: SSHEndpoint

    private let executor: QueueExecutor
    private nonisolated let signals: ConnectionSignals
    private nonisolated let turns = TurnQueue()
    private let configuration: SSHConfiguration
    private var session: SSHSession?
    private var upkeep: Task<Void, Never>?

    /// Where the actor's jobs run: a queue whose thread may block.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private init(_ endpoint: SSHEndpoint, _ configuration: SSHConfiguration) throws {
        self.endpoint = endpoint
        self.configuration = configuration
        executor = QueueExecutor(label: "replay.ssh \(endpoint)")
        signals = try ConnectionSignals()
    }

    deinit { upkeep?.cancel() }

    /// Connects, verifies the server, and logs in; one try.
    /// - Parameters:
    ///   - endpoint: Where the server listens.
    ///   - user: The user to log in as.
    ///   - key: The only key that is offered.
    ///   - hostKey: How the server proves itself, before anything is sent to it.
    ///   - configuration: Limits.
    ///   - deadline: When to give up.
    /// - Throws: ``SSHError``; `CancellationError` within a second when the task is cancelled.
    public static func connect(
        to endpoint: SSHEndpoint, user: String, key: SSHPrivateKey, hostKey: HostKeyPolicy,
        configuration: SSHConfiguration = SSHConfiguration(), until deadline: ContinuousClock.Instant
    ) async throws -> SSHConnection {
        let addresses = try await SocketAddress.resolve(endpoint)
        let connection = try SSHConnection(endpoint, configuration)
        let signals = OperationSignals(connection.signals)
        try await withTaskCancellationHandler {
            try await connection.open(addresses, user: user, key: key, hostKey: hostKey, signals, until: deadline)
        } onCancel: {
            signals.cancel()
        }
        return connection
    }

    /// Runs a command; the contract is `RemoteHost`'s. An error of `input` or `output` ends the connection too.
    public nonisolated func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus {
        try await turns.withTurn {
            let signals = OperationSignals(self.signals)
            return try await withTaskCancellationHandler {
                try await self.perform(command, input: input, output: output, signals)
            } onCancel: {
                signals.cancel()
            }
        }
    }

    /// Ends the connection at once. A command that runs over it may go on over there.
    public nonisolated func close() async {
        signals.close()
        await discard()
    }

    /// Whether the connection was closed, lost, or ended by a cancellation.
    public nonisolated var isClosed: Bool { signals.isClosed }

    private func open(
        _ addresses: [SocketAddress], user: String, key: SSHPrivateKey, hostKey: HostKeyPolicy,
        _ signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws {
        let session = try SSHSession(
            dial(addresses, signals, until: deadline), endpoint: endpoint, configuration: configuration)
        func limit(_ duration: Duration) -> ContinuousClock.Instant { min(deadline, .now + duration) }
        try session.awaitBanner(signals, until: limit(configuration.bannerTimeout))
        try session.handshake(hostKey: hostKey, signals, until: limit(configuration.stepTimeout))
        do {
            try session.authenticate(user: user, key: key, signals, until: limit(configuration.stepTimeout))
        } catch {
            session.disconnect()
            throw error
        }
        self.session = session
        upkeep = Task { [weak self, interval = configuration.keepaliveInterval] in
            while (try? await Task.sleep(for: interval)) != nil {
                guard let self, !self.isClosed else { return }
                await self.keepAlive()
            }
        }
    }

    private func dial(
        _ addresses: [SocketAddress], _ signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws -> SocketDescriptor {
        var failure = SSHError(.unreachable, "The name of \(endpoint) has no address.")
        for address in addresses {
            do {
                let limit = min(deadline, .now + configuration.connectTimeout)
                return try SocketDescriptor.connect(to: address, signals: signals, until: limit)
            } catch let error as SSHError where !error.isPermanent {
                // A reset that comes this early is one before the banner: a forwarder whose machine does not listen.
                let code = error.code == .lost ? SSHError.Code.closedBeforeBanner : error.code
                failure = SSHError(code, "No connection to \(endpoint).", cause: error)
            }
        }
        throw failure
    }

    private func perform(
        _ command: RemoteCommand, input: any InputSource,
        output: (RemoteStream, [UInt8]) throws -> Void, _ signals: OperationSignals
    ) throws -> ExitStatus {
        try signals.check()
        guard let session else { throw SSHError(.closed, "The SSH connection to \(endpoint) is closed.") }
        let wakeup = signals.wakeup
        input.setWaker { wakeup.signal() }
        defer { input.setWaker {} }
        do {
            let status = try session.run(command, input: input, output: output, signals)
            if status == .lost { discard() }
            return status
        } catch let error as SSHError where error.code == .commandTooLong || error.code == .commandRefused {
            // Nothing runs: the next command may do better.
            throw error
        } catch {
            // The command may run and its channel be open: nothing else can be done over this connection.
            discard()
            throw error
        }
    }

    /// While nothing runs, nobody reads: a server that asks for signs of life would hang up on us.
    private func keepAlive() async {
        try? await turns.withTurn { self.pingIfIdle() }
    }

    private func pingIfIdle() {
        guard let session, !signals.isClosed else { return }
        do {
            try session.ping(OperationSignals(signals), until: .now + configuration.silenceLimit)
        } catch {
            discard()
        }
    }

    private func discard() {
        signals.close()
        upkeep?.cancel()
        upkeep = nil
        session?.disconnect()
        session = nil
    }
}
