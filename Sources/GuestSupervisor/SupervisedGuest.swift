public import RemoteHosts
import Synchronization

/// A machine on which steps run one after the other, detached from the connection that queued them.
///
/// One long-lived command on one connection carries everything: steps and uploads to the guest, output and records
/// back. When the connection is lost it is opened again and the conversation goes on at the byte where it stopped;
/// steps go on meanwhile. A step runs at most once, and its success is the supervisor's record, nothing else.
///
/// A class and not an actor: bytes arrive on the connection's queue, are taken apart there and handed on in order,
/// which also slows the guest down when the receiver is slow.
public final class SupervisedGuest: Sendable {
    /// What is known of one step.
    struct Known {
        /// The frame that queues it, until the guest has confirmed it.
        var frame: [UInt8]?
        /// The guest's clock when it started, in hundredths of a second.
        var started: Int64?
        let result = Promise<StepResult>()
    }

    struct State {
        var link: GuestLink?
        /// Further connections, by number from 1.
        var lanes: [Int: GuestLink] = [:]
        var steps: [String: Known] = [:]
        var order: [String] = []
        var current: String?
        var bootID: String?
        var position: UInt64?
        /// The supervisor's records before the position.
        var records = 0
        var acknowledged: UInt64 = 0
        /// Steps that were never started, as the journal said at the first greeting: no later record changes that.
        var skipped: Set<String> = []
        /// Lines of the journal that this connection has told so far.
        var journalLines = 0
        var uploads: [Upload] = []
        /// What keeps queued steps from starting, to be said again on the next connection: `cancel`, `hold`.
        var stop: String?
        var generation = 0
        /// Whether the machine goes down because a step asks for it.
        var restarts = false
        var failure: (any Error)?
        var closing = false
    }

    let connector: any HostConnector
    let options: SupervisorOptions
    /// Where another process stopped to follow; nil for one that begins.
    let origin: GuestPosition?
    let events: @Sendable (GuestEvent) -> Void
    let state: Mutex<State>
    let ready = Promise<Void>()
    let removed = Promise<Void>()
    let closed = Promise<Void>()
    private let serving = Mutex<Task<Void, Never>?>(nil)

    private init(
        connector: any HostConnector, options: SupervisorOptions, from origin: GuestPosition?,
        events: @escaping @Sendable (GuestEvent) -> Void
    ) {
        self.connector = connector
        self.options = options
        self.origin = origin
        self.events = events
        var state = State()
        if let origin {
            state.position = origin.offset
            state.acknowledged = origin.offset
            state.records = origin.records
        }
        self.state = Mutex(state)
    }

    /// Connects to a machine and starts the supervisor there, or finds the one that runs already.
    /// - Parameters:
    ///   - connector: Opens connections, now and whenever one is lost.
    ///   - options: Where and how the supervisor runs.
    ///   - origin: Where another process stopped to follow this guest. What happened before it is known (``result(of:)``)
    ///     and no event; all that comes after it is told. Without it, what has happened so far is told without its output.
    ///   - events: Called in order, on the connection's queue; it slows the guest down when it is slow.
    /// - Throws: ``GuestSupervisorError`` with ``GuestSupervisorError/Code/startFailed``, or with
    ///   ``GuestSupervisorError/Code/stateLost`` when the guest knows less than the origin says; or the connector's error.
    public static func start(
        _ connector: any HostConnector, options: SupervisorOptions, from origin: GuestPosition? = nil,
        events: @escaping @Sendable (GuestEvent) -> Void = { _ in }
    ) async throws -> SupervisedGuest {
        let guest = SupervisedGuest(connector: connector, options: options, from: origin, events: events)
        guest.serving.withLock { $0 = Task { await guest.serve() } }
        do {
            try await guest.ready.value()
        } catch {
            await guest.disconnect()
            throw error
        }
        return guest
    }

    // MARK: Steps

    /// Queues a step behind those that are queued already, and returns at once.
    ///
    /// A step whose id was queued before is not queued again. Nothing is thrown here: a step that can no longer run
    /// says so in ``result(of:)``.
    public func queue(_ step: SupervisedStep) {
        precondition(Frame.isName(step.id) && step.blob.map(Frame.isName) ?? true, "a step's id is a file name")
        let frame = step.frame
        let (link, failure) = state.withLock { state -> (GuestLink?, (any Error)?) in
            guard state.steps[step.id] == nil else { return (nil, nil) }
            state.steps[step.id] = Known(frame: frame)
            state.order.append(step.id)
            return (state.link, state.failure)
        }
        if let failure { known(step.id)?.fail(failure) } else { link?.frames.send(frame) }
    }

    /// Waits for the end of a queued step.
    /// - Throws: ``GuestSupervisorError``: the step was never started, the machine restarted, the connection did not
    ///   come back. `CancellationError` when the task is cancelled; the step goes on.
    public func result(of id: String) async throws -> StepResult {
        guard let promise = known(id) else {
            throw GuestSupervisorError(.notStarted, "step \(id) was never queued")
        }
        return try await promise.value()
    }

    /// Queues a step and waits for its end.
    public func run(_ step: SupervisedStep) async throws -> StepResult {
        queue(step)
        return try await result(of: step.id)
    }

    private func known(_ id: String) -> Promise<StepResult>? { state.withLock { $0.steps[id]?.result } }

    /// Waits until no step runs and none that is queued now will start any more: the running one goes on to its end.
    /// - Throws: ``GuestSupervisorError`` when the guest is lost meanwhile, or `CancellationError`.
    public func hold() async throws {
        let (link, waiting) = stop("hold")
        link?.frames.send(Frame.bytes("hold"))
        for result in waiting {
            do { _ = try await result.value() } catch let error as GuestSupervisorError {
                guard error.code == .notStarted else { throw error }
            }
        }
    }

    /// Notes that no further step is to start, and answers the steps that have not ended yet.
    private func stop(_ verb: String) -> (GuestLink?, [Promise<StepResult>]) {
        state.withLock { state in
            if state.stop != "cancel" { state.stop = verb }
            return (state.link, state.order.compactMap { state.steps[$0]?.result }.filter { !$0.isResolved })
        }
    }

    /// Ends the running step with all its processes (TERM, and KILL half a second later), and lets no queued one start.
    /// Returns when no step runs any more, or after five seconds.
    public func cancel() async {
        let (link, waiting) = stop("cancel")
        link?.frames.send(Frame.bytes("cancel"))
        await withTaskGroup { group in
            group.addTask { for result in waiting { _ = try? await result.value() } }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Whether the guest or this client knows the step, and how it ended if it has.
    /// - Returns: nil for a step that was never queued, that has not ended yet, or that was not started.
    public func ended(_ id: String) async -> StepResult? {
        guard let promise = known(id), promise.isResolved else { return nil }
        return try? await promise.value()
    }

    /// Whether the guest had skipped the step before this client came: it will not run under this id.
    public func wasSkipped(_ id: String) -> Bool { state.withLock { $0.skipped.contains(id) } }

    /// Lets the queue go on after a failure, a cancellation or a ``hold()``: steps that are queued from now on run.
    /// - Parameter token: Names this resumption; one that the guest knows already is not done again.
    public func resume(as token: String) {
        precondition(Frame.isName(token), "a token is a file name")
        let frame = Frame.bytes("resume", token)
        let link = state.withLock { state -> GuestLink? in
            state.stop = nil
            guard state.steps[token] == nil else { return nil }
            // Its place in the order is what counts, and that it is repeated until the guest confirms it; there is no end to wait for.
            let known = Known(frame: frame)
            known.result.fulfil(StepResult(id: token, end: .exited(0), duration: .zero))
            state.steps[token] = known
            state.order.append(token)
            return state.link
        }
        link?.frames.send(frame)
    }

    /// How far the guest has been followed; nil before it was reached. After ``finish(remove:)`` it does not change any more.
    public var position: GuestPosition? {
        state.withLock { state in state.position.map { GuestPosition(offset: $0, records: state.records) } }
    }

    // MARK: Uploads

    /// Sends a file to the guest, beside whatever runs there. Steps name it as their ``SupervisedStep/blob``.
    ///
    /// About 4 MiB are in memory at most, or 2 MiB for each of several connections; small messages overtake it; a lost
    /// connection costs only what was under way. A file of this name that the guest has, whole or in part, is not sent
    /// again: name it by its content.
    /// - Parameters:
    ///   - blob: Its name on the guest: `blobs/NAME.ready` in a step's first working directory.
    ///   - source: Its content.
    ///   - digest: Asked at the source's end: its SHA-256 in hexadecimal, for `blobs/NAME.sha256`, which the step that
    ///     uses the upload compares.
    ///   - progress: Called with the number of bytes that the guest has stored. Not called when it had the whole.
    /// - Returns: The number of bytes.
    /// - Throws: The source's error, or ``GuestSupervisorError`` (no room on the guest, for one).
    @discardableResult
    public func upload(
        blob: String, from source: any InputSource, digest: @escaping @Sendable () -> String? = { nil },
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> Int64 {
        precondition(Frame.isName(blob), "a blob's name is a file name")
        let upload = Upload(blob: blob, source: source, digest: digest, progress: progress) { [weak self] in
            self?.wake()
        }
        let failure = state.withLock { state in
            state.uploads.append(upload)
            return state.failure
        }
        if let failure { upload.completed.fail(failure) }
        defer { state.withLock { state in state.uploads.removeAll { $0 === upload } } }
        wake()
        return try await withTaskCancellationHandler {
            try await upload.completed.value()
        } onCancel: {
            upload.completed.fail(CancellationError())
            state.withLock { $0.link }?.frames.send(Frame.bytes("discard", upload.name))
        }
    }

    // MARK: The end

    /// Ends the conversation.
    /// - Parameter remove: Whether the supervisor, its state and every running step are removed from the guest; else they
    ///   stay, and a later ``start(_:options:events:)`` finds them.
    /// - Throws: ``GuestSupervisorError`` with ``GuestSupervisorError/Code/timedOut`` when the guest did not confirm the removal.
    public func finish(remove: Bool) async throws {
        if remove,
            let link = state.withLock({ state in
                state.closing = true
                return state.link
            })
        {
            link.frames.send(Frame.bytes("remove"))
            let watchdog = Task { [removed] in
                try await Task.sleep(for: .seconds(15))
                removed.fail(
                    GuestSupervisorError(.timedOut, "the guest did not confirm that the supervisor is removed"))
            }
            defer { watchdog.cancel() }
            do { try await removed.value() } catch {
                await disconnect()
                throw error
            }
        }
        await disconnect()
    }

    private func disconnect() async {
        state.withLock { $0.closing = true }
        let task = serving.withLock { $0 }
        state.withLock { $0.link }?.frames.finish()
        task?.cancel()
        await task?.value
        fail(GuestSupervisorError(.closed, "the conversation with the guest was ended"))
    }

    /// Fails everything that waits.
    func fail(_ error: any Error) {
        let (results, uploads) = state.withLock { state in
            state.failure = state.failure ?? error
            return (state.steps.values.map(\.result), state.uploads)
        }
        ready.fail(error)
        removed.fail(error)
        for result in results { result.fail(error) }
        for upload in uploads { upload.completed.fail(error) }
    }
}
