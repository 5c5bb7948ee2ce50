public import GuestSupervisor
public import RemoteHosts
public import ReplayEvents
public import ReplayPlan
import SystemCalls
public import SystemPackage

/// Runs plans on one machine.
///
/// All steps of a plan are queued on the guest at once, so that none waits for the network; uploads for later steps
/// travel while earlier ones run; the first step that fails stops the queue by itself.
public final class Replayer: Sendable {
    /// The machine, for work around the plan: preparing, sealing.
    public let guest: SupervisedGuest
    let recorder: StepRecorder
    let progress: BuildProgress?
    private let events: EventHandler

    private init(
        guest: SupervisedGuest, recorder: StepRecorder, progress: BuildProgress?, events: @escaping EventHandler
    ) {
        self.guest = guest
        self.recorder = recorder
        self.progress = progress
        self.events = events
    }

    /// Connects to a machine and starts the supervisor there.
    /// - Parameters:
    ///   - connector: Opens connections, now and whenever one is lost.
    ///   - options: Where and how the supervisor runs.
    ///   - log: The file of this machine to which the whole output is appended; made if missing.
    ///   - progress: Where to note, for another process, how far the build is. When another process has noted something there,
    ///     the log and the steps go on from that place.
    ///   - events: Told what happens, from any thread, each step's in order.
    /// - Throws: ``ReplayError``; what the connector throws is its cause.
    public static func start(
        _ connector: any HostConnector, options: SupervisorOptions, log: FilePath, progress: BuildProgress? = nil,
        events: @escaping EventHandler
    ) async throws -> Replayer {
        let known = progress?.current
        let recorder = StepRecorder(
            log: try BuildLog(log, size: known?.logSize), progress: progress, events: events)
        for step in GuestPreparation.steps { recorder.expect(step.id, task: TaskID(step.id), label: step.label) }
        for step in known?.steps ?? [] { recorder.expect(step.id, task: .step(step.number), label: step.label) }
        do {
            let guest = try await SupervisedGuest.start(connector, options: options, from: known?.position) {
                recorder.receive($0)
            }
            return Replayer(guest: guest, recorder: recorder, progress: progress, events: events)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ReplayError(.guestFailed, "The supervisor could not be started on the machine.", cause: error)
        }
    }

    /// Makes the machine ready for the first step: its first boot is over, packages' services do not start, nobody
    /// else runs apt.
    /// - Throws: ``ReplayError`` with ``ReplayError/Code/preparationFailed``.
    public func prepare() async throws {
        queuePreparation(after: "")
        try await followPreparation(after: "")
    }

    /// Queues the preparation; most of it does not survive a restart.
    /// - Parameter restart: The step that restarts the machine, empty at the first boot.
    func queuePreparation(after restart: String) {
        for step in GuestPreparation.steps {
            let id = step.id + restart
            recorder.expect(id, task: TaskID(id), label: step.label)
            // In the machine's own namespaces: /proc/locks shows no locks of processes outside of a PID namespace.
            guest.queue(SupervisedStep(id: id, script: step.script, isolation: .host))
        }
    }

    func followPreparation(after restart: String) async throws {
        for step in GuestPreparation.steps {
            let id = step.id + restart
            let result = try await value("the preparation of the machine") { try await guest.result(of: id) }
            guard result.succeeded else {
                throw ReplayError(
                    .preparationFailed, "The machine could not be prepared (\(step.label)): \(result.end).",
                    context: recorder.lastLines(of: id), end: result.end, log: recorder.log.path.string)
            }
        }
    }

    /// Runs a script of our own after the steps of a plan, as root and in the machine's own namespaces, as a task of its own on
    /// the screen.
    /// - Parameters:
    ///   - id: Names the step and the task.
    ///   - label: What the screen shows.
    /// - Returns: What it wrote.
    /// - Throws: ``ReplayError`` with ``ReplayError/Code/setupFailed``.
    public func perform(_ script: String, id: String, label: String) async throws -> String {
        recorder.expect(id, task: TaskID(id), label: label, answers: true)
        let result = try await value("'\(label)'") {
            try await guest.run(SupervisedStep(id: id, script: script, isolation: .host))
        }
        guard result.succeeded else {
            throw ReplayError(
                .setupFailed, "The machine could not be finished (\(label)): \(result.end).",
                context: recorder.lastLines(of: id), end: result.end, log: recorder.log.path.string)
        }
        return recorder.answer(of: id)
    }

    /// Runs a plan's steps.
    /// - Parameters:
    ///   - plan: The plan.
    ///   - archives: Where the files of COPY and ADD come from.
    ///   - from: The number of the first step to run; earlier ones are on the machine already.
    ///   - attempt: Counted from 1; a later attempt runs steps although the guest knows them from an earlier one.
    ///   - timeout: The limit in seconds of steps that have none of their own.
    /// - Returns: What the guest recorded about each step that ran.
    /// - Throws: ``ReplayError``. Cancelling the task ends the running step with all its processes and throws
    ///   `CancellationError`.
    @discardableResult
    public func run(
        _ plan: Plan, archives: any CopyArchiveSource, from: Int = 1, attempt: Int = 1, timeout: Int? = nil
    ) async throws -> [StepResult] {
        let steps = plan.steps.filter { $0.number >= from }
        let uploads = StepUpload.all(for: steps, from: archives)
        try progress?.note(
            attempt: attempt, keeping: from - 1,
            steps: steps.map {
                BuildProgress.QueuedStep(
                    id: StepTranslation.identifier($0, attempt: attempt), number: $0.number, label: label($0, in: plan),
                    digest: $0.digest)
            })
        CrashPoint.stepsNoted.pass()
        if attempt > 1 { guest.resume(as: "resume-\(attempt)") }
        for step in steps {
            let supervised = StepTranslation.supervised(
                step, attempt: attempt, upload: uploads[step.number], timeout: timeout)
            recorder.expect(supervised.id, task: .step(step.number), label: label(step, in: plan))
            guest.queue(supervised)
            if step.restartsMachine { queuePreparation(after: "-after-\(supervised.id)") }
        }
        CrashPoint.stepsQueued.pass()
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: [StepResult]?.self) { group in
                group.addTask {
                    for step in steps {
                        guard let upload = uploads[step.number] else { continue }
                        // It may have run before this process came.
                        let id = StepTranslation.identifier(step, attempt: attempt)
                        guard await self.guest.ended(id) == nil else { continue }
                        try await self.send(upload, for: step, archives: archives, in: plan)
                    }
                    return nil
                }
                group.addTask { try await self.follow(steps, attempt: attempt) }
                do {
                    while let results = try await group.next() {
                        if let results { return results }
                    }
                } catch {
                    // A step that waits for an upload that failed would wait for ever.
                    if !(error is CancellationError) { await self.guest.cancel() }
                    throw error
                }
                return []
            }
        } onCancel: {
            Task { await self.guest.cancel() }
        }
    }

    private func label(_ step: Step, in plan: Plan) -> String { "[\(step.number)/\(plan.steps.count)] \(step.title)" }

    private func follow(_ steps: [Step], attempt: Int) async throws -> [StepResult] {
        var results: [StepResult] = []
        for step in steps {
            let id = StepTranslation.identifier(step, attempt: attempt)
            let result = try await value("step \(step.number) (\(step.title))", step) { try await guest.result(of: id) }
            guard result.succeeded else { throw failure(of: step, id: id, result.end) }
            if step.restartsMachine { try await followPreparation(after: "-after-\(id)") }
            try recorder.log.check()
            results.append(result)
        }
        return results
    }

    private func failure(of step: Step, id: String, _ end: StepEnd) -> any Error {
        if end == .cancelled && Task.isCancelled { return CancellationError() }
        let line =
            step.lines.first == step.lines.last
            ? "line \(step.lines.first)" : "lines \(step.lines.first)–\(step.lines.last)"
        return ReplayError(
            end == .cancelled ? .cancelled : .stepFailed,
            "Step \(step.number) (\(step.title), \(line)) failed: \(end).",
            context: recorder.lastLines(of: id), step: step, end: end, log: recorder.log.path.string)
    }

    private func send(
        _ upload: StepUpload, for step: Step, archives: any CopyArchiveSource, in plan: Plan
    ) async throws {
        guard case .copy(let action) = step.action else { return }
        let task = TaskID("upload-\(step.number)")
        do {
            let archive = try archives.archive(for: action)
            events(.taskStarted(task, label: "\(label(step, in: plan)): upload"))
            CrashPoint.uploadStarted.pass()
            try await guest.upload(
                blob: upload.blob, from: CopyArchiveInput(archive: archive),
                digest: { archive.digest },
                progress: { stored in
                    let total = archive.contentSize
                    self.events(.taskProgress(task, completed: min(stored, total), total: total, unit: .bytes))
                })
            CrashPoint.uploadFinished.pass()
            events(.taskFinished(task, .done))
        } catch let error as CancellationError {
            events(.taskFinished(task, .cancelled))
            throw error
        } catch {
            events(.taskFinished(task, .failed("\(error)")))
            throw ReplayError(
                .uploadFailed, "The files of step \(step.number) (\(step.title)) could not be put on the machine.",
                cause: error, step: step, log: recorder.log.path.string)
        }
    }

    /// Runs a body of the guest's and wraps its errors.
    private func value(
        _ place: String, _ step: Step? = nil, _ body: () async throws -> StepResult
    ) async throws -> StepResult {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch let error as GuestSupervisorError where error.code == .rebooted {
            throw ReplayError(
                .machineRestarted,
                "The machine restarted by itself during \(place). A restart that is meant is the last command of a RUN "
                    + "(`… && reboot`), or '# replay: reboot' above an instruction.",
                step: step, log: recorder.log.path.string)
        } catch {
            throw ReplayError(
                .guestFailed, "The machine was lost during \(place).", cause: error, step: step,
                log: recorder.log.path.string)
        }
    }

    /// Ends the running step with all its processes; no later one starts.
    public func cancel() async { await guest.cancel() }

    /// Ends the conversation.
    /// - Parameter remove: Whether the supervisor and its state are removed from the machine.
    public func finish(remove: Bool) async throws {
        try await guest.finish(remove: remove)
        if !remove, let position = guest.position { recorder.note(position) }
    }
}
