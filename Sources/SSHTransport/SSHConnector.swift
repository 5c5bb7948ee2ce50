public import RemoteHosts
import Synchronization

/// Opens SSH connections to one machine, which may boot still, boot again, or change its address.
///
/// Until a banner comes it tries often, as that costs a server nothing. Once one came, each further try is a login:
/// one in five seconds, because servers since OpenSSH 9.8 shut out who fails more often (PerSourcePenalties in
/// sshd_config(5)). A server that accepts and hangs up twice in a row after it has shown a banner is taken to do that,
/// and left alone for fifteen seconds; before any banner it is a machine that boots behind a forwarded port.
///
/// It may be asked for several connections, also at once; they are opened one after the other.
public final class SSHConnector: HostConnector {
    /// The pauses between tries.
    public struct Pacing: Sendable {
        /// The first pause while no banner comes; each further one is half as long again.
        public var firstPause: Duration = .milliseconds(200)
        /// The longest pause while no banner comes.
        public var longestPause: Duration = .seconds(1)
        /// From the start of one login that failed to the start of the next.
        public var loginInterval: Duration = .seconds(5)
        /// How long a server that hangs up before its banner is left alone.
        public var penaltyPause: Duration = .seconds(15)
        /// How long the first connection waits for a banner; each further one half as long again, up to the
        /// configuration's limit. A connection that was accepted before the machine had a network may stay silent.
        public var firstBannerTimeout: Duration = .seconds(4)
        /// How often it is checked that the machine is alive.
        public var livenessInterval: Duration = .milliseconds(500)

        /// Makes the default pauses.
        public init() {}
    }

    private struct State {
        var nextLogin = ContinuousClock.now
        var hasSeenBanner = false
        var dropCount = 0
        /// Which of several addresses is next.
        var turn = 0
        /// Addresses at which another machine answers.
        var strangers: Set<SSHEndpoint> = []
    }

    private let user: String
    private let key: SSHPrivateKey
    private let hostKey: HostKeyPolicy
    private let configuration: SSHConfiguration
    private let pacing: Pacing
    private let isAlive: (@Sendable () async throws -> Void)?
    private let candidates: @Sendable () async throws -> [SSHEndpoint]
    private let turns = TurnQueue()
    private let state = Mutex(State())

    /// Makes a connector; nothing is connected yet.
    /// - Parameters:
    ///   - user: The user to log in as.
    ///   - key: The only key that is offered.
    ///   - hostKey: How the machine proves itself.
    ///   - configuration: Limits of each connection.
    ///   - pacing: The pauses between tries.
    ///   - isAlive: Throws when the machine has ended for good; waiting ends then at once.
    ///   - resolve: Answers where the machine's server listens, asked again before each try; nil while nobody knows.
    ///     An error of it ends the waiting.
    public convenience init(
        user: String, key: SSHPrivateKey, hostKey: HostKeyPolicy, configuration: SSHConfiguration = SSHConfiguration(),
        pacing: Pacing = Pacing(), isAlive: (@Sendable () async throws -> Void)? = nil,
        resolve: @escaping @Sendable () async throws -> SSHEndpoint?
    ) {
        self.init(
            user: user, key: key, hostKey: hostKey, configuration: configuration, pacing: pacing, isAlive: isAlive,
            candidates: { try await resolve().map { [$0] } ?? [] })
    }

    /// Makes a connector to a machine of which several addresses are known, not all of which need lead to it: they are tried in
    /// turn, and only one that presents the machine's host key is used.
    /// - Parameter candidates: Answers where the machine's server may listen, asked again before each try.
    public init(
        user: String, key: SSHPrivateKey, hostKey: HostKeyPolicy, configuration: SSHConfiguration = SSHConfiguration(),
        pacing: Pacing = Pacing(), isAlive: (@Sendable () async throws -> Void)? = nil,
        candidates: @escaping @Sendable () async throws -> [SSHEndpoint]
    ) {
        self.user = user
        self.key = key
        self.hostKey = hostKey
        self.configuration = configuration
        self.pacing = pacing
        self.isAlive = isAlive
        self.candidates = candidates
    }

    /// Opens a connection, as the contract of `HostConnector` says.
    /// - Throws: ``SSHError``: at the deadline, the last try's code; at once, what cannot heal. `CancellationError`.
    public func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        try await connection(until: deadline)
    }

    /// Opens a connection, of the type that it has.
    public func connection(until deadline: ContinuousClock.Instant) async throws -> SSHConnection {
        guard let isAlive else {
            return try await turns.withTurn { try await self.tryUntilOpen(deadline) }
        }
        return try await withThrowingTaskGroup(of: SSHConnection?.self) { group in
            group.addTask {
                try await self.turns.withTurn { try await self.tryUntilOpen(deadline) }
            }
            group.addTask { [pacing] in
                while !Task.isCancelled {
                    do {
                        try await isAlive()
                    } catch {
                        if Task.isCancelled { break }
                        throw SSHError(
                            .machineGone, "The machine ended while its SSH server was waited for.", cause: error)
                    }
                    try? await Task.sleep(for: pacing.livenessInterval)
                }
                return nil
            }
            defer { group.cancelAll() }
            while let connection = try await group.next() {
                if let connection { return connection }
            }
            throw CancellationError()
        }
    }

    private func tryUntilOpen(_ deadline: ContinuousClock.Instant) async throws -> SSHConnection {
        let start = ContinuousClock.now
        var pause = pacing.firstPause
        var bannerTimeout = pacing.firstBannerTimeout
        var lastError = SSHError(.timedOut, "The machine's address did not become known.")
        while true {
            try Task.checkCancellation()
            var next = state.withLock { $0.nextLogin }
            let known = next <= .now ? try await candidates() : []
            if let endpoint = choose(known) {
                do {
                    return try await open(endpoint, bannerTimeout: bannerTimeout, until: deadline)
                } catch let error as SSHError where !error.isPermanent || hasFurther(known, after: endpoint, error) {
                    // Only the deadline made the last try fail: the one before it says more.
                    if error.code != .timedOut || ContinuousClock.now < deadline { lastError = error }
                    bannerTimeout = min(bannerTimeout * 1.5, configuration.bannerTimeout)
                }
                next = state.withLock { $0.nextLogin }
            }
            guard ContinuousClock.now < deadline else {
                let seconds = start.duration(to: .now).components.seconds
                throw SSHError(
                    lastError.code, "No SSH connection in \(seconds) s of trying. \(lastError.message)",
                    context: lastError.context, cause: lastError.cause)
            }
            let wakeUp = min(max(next, .now + pause), deadline)
            pause = min(pause * 1.5, pacing.longestPause)
            try await Task.sleep(until: wakeUp, clock: .continuous)
        }
    }

    /// The next address to try, strangers' last.
    private func choose(_ known: [SSHEndpoint]) -> SSHEndpoint? {
        state.withLock { state in
            let friends = known.filter { !state.strangers.contains($0) }
            let list = friends.isEmpty ? known : friends
            guard !list.isEmpty else { return nil }
            state.turn += 1
            return list[(state.turn - 1) % list.count]
        }
    }

    /// Whether another address may still be the machine's when somebody else answered at this one.
    private func hasFurther(_ known: [SSHEndpoint], after endpoint: SSHEndpoint, _ error: SSHError) -> Bool {
        guard error.code == .hostKeyMismatch else { return false }
        return state.withLock { state in
            state.strangers.insert(endpoint)
            return known.contains { !state.strangers.contains($0) }
        }
    }

    /// One try; notes what it teaches about the server's patience.
    private func open(
        _ endpoint: SSHEndpoint, bannerTimeout: Duration, until deadline: ContinuousClock.Instant
    ) async throws -> SSHConnection {
        let start = ContinuousClock.now
        var configuration = configuration
        configuration.bannerTimeout = min(bannerTimeout, configuration.bannerTimeout)
        do {
            let connection = try await SSHConnection.connect(
                to: endpoint, user: user, key: key, hostKey: hostKey, configuration: configuration, until: deadline)
            state.withLock { $0 = State() }
            return connection
        } catch let error as SSHError {
            state.withLock { state in
                switch error.code {
                // Nor was a login tried where another key was shown.
                case .connectionRefused, .unreachable, .noBanner, .notAnSSHServer, .noResources, .hostKeyMismatch:
                    state.dropCount = 0
                case .closedBeforeBanner:
                    state.dropCount += 1
                    guard state.hasSeenBanner, state.dropCount >= 2 else { break }
                    state.dropCount = 0
                    state.nextLogin = .now + pacing.penaltyPause
                default:
                    state.dropCount = 0
                    state.hasSeenBanner = true
                    state.nextLogin = start + pacing.loginInterval
                }
            }
            throw error
        }
    }
}
