import RemoteHosts
import Synchronization

extension SupervisedGuest {
    /// Restarts the machine, and returns when its supervisor answers from the next boot; steps can be queued then.
    ///
    /// The next boot is told by its number (`/proc/sys/kernel/random/boot_id`, random(4)): a server that still answers from the old
    /// one is not taken for it. The connector looks the address up again, and keeps the pinned host key. No step may be queued
    /// or running meanwhile.
    /// - Parameters:
    ///   - id: Names the step that restarts the machine, within the build.
    ///   - limit: How long all of it may take.
    /// - Throws: ``GuestSupervisorError``: `.timedOut` when the machine does not restart in time, and what ``result(of:)`` throws.
    public func restart(id: String, within limit: Duration) async throws {
        let restarted = Promise<Void>()
        let failure = state.withLock { state in
            state.awaitedRestart = restarted
            return state.failure
        }
        if let failure { throw failure }
        defer { state.withLock { $0.awaitedRestart = nil } }
        queue(SupervisedStep(id: id, script: Self.restartScript, isolation: .host, stopsQueueOnFailure: false))
        let watchdog = Task {
            try await Task.sleep(for: limit)
            restarted.fail(GuestSupervisorError(.timedOut, "the machine did not restart within \(limit)"))
        }
        defer { watchdog.cancel() }
        // A connection that does not come back, or a machine that shows another host key, ends the step as well.
        let watcher = Task {
            do {
                let result = try await result(of: id)
                if case .exited(let status) = result.end, status != 0 {
                    restarted.fail(
                        GuestSupervisorError(.timedOut, "the machine refused to restart: exit status \(status)"))
                }
            } catch { restarted.fail(error) }
        }
        defer { watcher.cancel() }
        try await restarted.value()
        // The step that restarts a machine may not have lived to tell its end, which stops the queue.
        resume()
    }

    /// What is on the disk stays: systemd synchronises and unmounts. Without systemd the command does so itself.
    private static let restartScript = """
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        sync
        if [ -d /run/systemd/system ]; then exec systemctl --no-block reboot; fi
        exec reboot

        """

    /// Takes a boot of the machine that is another one than the last known.
    /// - Returns: Whether it was waited for.
    func accept(boot: String, on link: GuestLink) -> Bool {
        let restarted = state.withLock { state -> Promise<Void>? in
            guard let restarted = state.awaitedRestart else { return nil }
            state.bootID = boot
            return restarted
        }
        guard let restarted else { return false }
        link.frames.send(Frame.bytes("restart"))
        restarted.fulfil(())
        return true
    }
}
