import Synchronization

/// What the supervisor has noted: the journal, told at every greeting, and the records in the output log.
extension SupervisedGuest {
    /// A line of the journal, told at every greeting: news only for a client that starts anew.
    func journal(_ fields: [String]) {
        let line = state.withLock { state -> Int? in
            guard state.generation == 1 else { return nil }
            defer { state.journalLines += 1 }
            guard fields.count > 1 else { return nil }
            Self.know(fields[1], &state)
            if fields[0] == "skipped" { state.skipped.insert(fields[1]) }
            return state.journalLines
        }
        guard let line else { return }
        // What another process has not seen yet comes with the log, in its place between the output.
        if let origin {
            if line < origin.records { record(fields, isNews: false) }
        } else {
            record(fields)
        }
    }

    private static func know(_ id: String, _ state: inout State) {
        guard state.steps[id] == nil else { return }
        state.steps[id] = Known()
        state.order.append(id)
    }

    /// A guest whose journal is shorter than what another process has seen of it is not that guest any more, or its
    /// supervisor was removed.
    func requireJournal() throws {
        guard let origin, state.withLock({ $0.generation == 1 && $0.journalLines < origin.records }) else { return }
        fail(
            GuestSupervisorError(
                .stateLost, "the machine does not know the build any more: its supervisor's state is gone"))
        throw CancellationError()
    }

    /// One of the supervisor's records: `started ID UPTIME`, `finished ID HOW NUMBER UPTIME`, `skipped ID`.
    /// - Parameter isNews: Whether it is told; another process may have told it already.
    /// - Returns: Whether it was not known before.
    @discardableResult
    func record(_ fields: [String], isNews: Bool = true) -> Bool {
        guard fields.count > 1 else { return false }
        let id = fields[1]
        func events(_ event: GuestEvent) { if isNews { self.events(event) } }
        // A step that another process has queued may begin and end before this one asks for it.
        if ["started", "finished", "skipped"].contains(fields[0]) { state.withLock { Self.know(id, &$0) } }
        switch fields[0] {
        case "started" where fields.count == 3:
            let uptime = hundredths(fields[2])
            let isFirst = state.withLock { state in
                // To a client that starts anew the journal and the log may both tell it.
                guard state.steps[id]?.started == nil else { return false }
                state.current = id
                state.steps[id]?.started = uptime
                state.steps[id]?.frame = nil
                return true
            }
            if isFirst { events(.started(id)) }
            return isFirst
        case "restarting" where fields.count == 4:
            let uptime = hundredths(fields[2])
            let isFirst = state.withLock { state in
                guard let step = state.steps[id], let started = step.started, !step.result.isResolved, !state.restarts
                else { return false }
                state.restarts = true
                // The clock begins anew: what comes is added to what was.
                state.steps[id]?.started = started - uptime
                return true
            }
            if isFirst { events(.restarting(id)) }
            return isFirst
        case "finished" where fields.count == 5:
            let end: StepEnd =
                switch fields[2] {
                case "exit": .exited(Int(fields[3]) ?? 255)
                case "signal": .signalled(Int(fields[3]) ?? 0)
                case "cancelled": .cancelled
                case "timeout": .timedOut(Int(fields[3]) ?? 0)
                case "memory": .outOfMemory(Int(fields[3]) ?? 255)
                default: .lost
                }
            let (promise, started) = state.withLock { state in
                if state.current == id { state.current = nil }
                state.restarts = false
                return (state.steps[id]?.result, state.steps[id]?.started)
            }
            if promise?.isResolved == true { return false }
            let uptime = hundredths(fields[4])
            let result = StepResult(
                id: id, end: end, duration: .milliseconds(10 * max(0, uptime - (started ?? uptime))))
            events(.finished(result))
            promise?.fulfil(result)
            return true
        case "skipped":
            let promise = state.withLock { state in
                state.steps[id]?.frame = nil
                return state.steps[id]?.result
            }
            if promise?.isResolved == true { return false }
            events(.skipped(id))
            promise?.fail(
                GuestSupervisorError(.notStarted, "step \(id) was not started, because one before it did not succeed"))
            return true
        default: return false
        }
    }

    /// `123.45` in hundredths of a second, as /proc/uptime has it.
    private func hundredths(_ text: String) -> Int64 { Int64(text.filter { $0 != "." }) ?? 0 }
}
