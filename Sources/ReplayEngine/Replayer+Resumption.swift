public import GuestSupervisor
public import ReplayPlan
import SystemPackage

extension Replayer {
    /// Goes on with a plan of which another process has queued steps: those that are done stay done, the one that runs is
    /// followed, and one that failed runs again, as do all that come after it. The plan may differ from the one that was
    /// queued, but not in what the machine has done already.
    /// - Returns: What the guest recorded about each step of the plan.
    /// - Throws: ``ReplayError``, with ``ReplayError/Code/changedStep`` when a step differs that the machine has done. Else as
    ///   ``run(_:archives:from:attempt:timeout:)``.
    public func resume(
        _ plan: Plan, archives: any CopyArchiveSource, timeout: Int? = nil
    ) async throws -> [StepResult] {
        guard let queued = progress?.current, let last = queued.steps.last else {
            return try await run(plan, archives: archives, timeout: timeout)
        }
        let isUnchanged = queued.steps.map(\.digest) == plan.steps.map(\.digest)
        if isUnchanged, await !hasStopped(queued.steps) {
            let suffix = queued.attempt == 1 ? "" : ".\(queued.attempt)"
            let first = queued.steps.first { $0.id == "step-\($0.number)" + suffix } ?? last
            let earlier = try await results(of: queued.steps.prefix { $0.number < first.number })
            return earlier
                + (try await run(
                    plan, archives: archives, from: first.number, attempt: queued.attempt, timeout: timeout))
        }
        // What runs now goes on to its end: if it is still wanted, it need not run twice.
        try await followed { try await guest.hold() }
        let done = try await done(queued.steps, in: plan)
        let attempt = queued.attempt + 1
        guard done.count < plan.steps.count else {
            try progress?.note(attempt: attempt, keeping: done.count, steps: [])
            guest.resume(as: "resume-\(attempt)")
            return done
        }
        try await prepareAgain(after: plan.steps.prefix(done.count), attempt: attempt)
        return done
            + (try await run(plan, archives: archives, from: done.count + 1, attempt: attempt, timeout: timeout))
    }

    /// Whether the queue has stopped: at a step that failed, or because a process that died had held it back.
    private func hasStopped(_ steps: [BuildProgress.QueuedStep]) async -> Bool {
        for step in steps {
            if guest.wasSkipped(step.id) { return true }
            if let result = await guest.ended(step.id), !result.succeeded { return true }
        }
        return false
    }

    private func results(of steps: some Sequence<BuildProgress.QueuedStep>) async throws -> [StepResult] {
        var results: [StepResult] = []
        for step in steps { results.append(try await followed { try await guest.result(of: step.id) }) }
        return results
    }

    /// The results of the steps that the machine has done, all of which the plan must still have.
    private func done(_ steps: [BuildProgress.QueuedStep], in plan: Plan) async throws -> [StepResult] {
        var results: [StepResult] = []
        for step in steps {
            guard let result = await guest.ended(step.id), result.succeeded else { break }
            results.append(result)
            let planned = plan.steps.first { $0.number == step.number }
            guard planned?.digest == step.digest else {
                throw ReplayError(
                    .changedStep,
                    "The machine has done '\(step.label)' already, and the Dockerfile does not say so any more: a machine "
                        + "cannot go back. Undo the change, or begin a new build.",
                    step: planned, log: recorder.log.path.string)
            }
        }
        return results
    }

    /// After a restart the machine has to be prepared again; what was queued for that may have been held back.
    private func prepareAgain(after steps: some BidirectionalCollection<Step>, attempt: Int) async throws {
        guard steps.contains(where: \.restartsMachine) else { return }
        let occasion = "-in-\(attempt)"
        guest.resume(as: "resume-\(attempt)")
        queuePreparation(after: occasion)
        try await followPreparation(after: occasion)
    }

    private func followed<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as GuestSupervisorError {
            throw ReplayError(
                .guestFailed, "The machine was lost while the build was taken up again.", cause: error,
                log: recorder.log.path.string)
        }
    }
}
