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
        var acknowledged: UInt64 = 0
        var uploads: [Upload] = []
        var stopRequested = false
        var generation = 0
        /// Whether the machine goes down because a step asks for it.
        var restarts = false
        var failure: (any Error)?
        var closing = false
    }

    let connector: any HostConnector
    let options: SupervisorOptions
    let events: @Sendable (GuestEvent) -> Void
    let state = Mutex(State())
    let ready = Promise<Void>()
    let removed = Promise<Void>()
    let closed = Promise<Void>()
    private let serving = Mutex<Task<Void, Never>?>(nil)

    private init(
        connector: any HostConnector, options: SupervisorOptions, events: @escaping @Sendable (GuestEvent) -> Void
    ) {
        self.connector = connector
        self.options = options
        self.events = events
    }

    /// Connects to a machine and starts the supervisor there, or finds the one that runs already.
    /// - Parameters:
    ///   - connector: Opens connections, now and whenever one is lost.
    ///   - options: Where and how the supervisor runs.
    ///   - events: Called in order, on the connection's queue; it slows the guest down when it is slow.
    /// - Throws: ``GuestSupervisorError`` with ``GuestSupervisorError/Code/startFailed``, or the connector's error.
    public static func start(
        _ connector: any HostConnector, options: SupervisorOptions,
        events: @escaping @Sendable (GuestEvent) -> Void = { _ in }
    ) async throws -> SupervisedGuest {
        let guest = SupervisedGuest(connector: connector, options: options, events: events)
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

    /// Ends the running step with all its processes (TERM, and KILL half a second later), and lets no queued one start.
    /// Returns when no step runs any more, or after five seconds.
    public func cancel() async {
        let (link, waiting) = state.withLock { state in
            state.stopRequested = true
            return (state.link, state.order.compactMap { state.steps[$0]?.result }.filter { !$0.isResolved })
        }
        link?.frames.send(Frame.bytes("cancel"))
        await withTaskGroup { group in
            group.addTask { for result in waiting { _ = try? await result.value() } }
            group.addTask { try? await Task.sleep(for: .seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Lets the queue go on after a failure or a cancellation: steps that are queued from now on run.
    public func resume() {
        let link = state.withLock { state in
            state.stopRequested = false
            return state.link
        }
        link?.frames.send(Frame.bytes("resume"))
    }

    // MARK: Uploads

    /// Sends a file to the guest, beside whatever runs there. Steps name it as their ``SupervisedStep/blob``.
    ///
    /// About 3 MiB are in memory at most, or 2 MiB for each of several connections; small messages overtake it; a lost
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
            state.withLock { $0.link }?.frames.send(Frame.bytes("discard", blob))
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
