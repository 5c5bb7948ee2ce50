public import Clouds
internal import Glibc
internal import SystemCalls
internal import SystemPackage

extension QEMUDriver {
    /// Presses the guest's power button, or ends QEMU. A machine that does not run is left alone.
    public func stop(_ instance: Instance, graceful: Bool) async throws {
        let paths = try paths(of: instance)
        guard findProcess(paths) != nil else { return }
        do {
            try await control(paths) { client in
                try await client.execute(graceful ? "system_powerdown" : "quit")
            }
        } catch let error as CloudError where error.code == .notFound {
            return
        } catch  where !graceful && !(error is CancellationError) {
            // It does not listen: the power is cut from outside. `state` then says that it failed, for good reason.
            try await end(paths)
        }
    }

    /// Presses the guest's reset button.
    public func reset(_ instance: Instance) async throws {
        let paths = try paths(of: instance)
        guard findProcess(paths) != nil else {
            throw CloudError(.notFound, "The machine '\(instance.reference)' does not run.")
        }
        try await control(paths) { client in try await client.execute("system_reset") }
    }

    private func control(
        _ paths: MachinePaths, _ body: (QMPClient) async throws -> JSONValue
    ) async throws {
        if let client = machine(of: paths.build)?.process.qmp {
            _ = try await body(client)
            return
        }
        let client = try await QMPClient.connect(to: paths.socket)
        defer { client.close() }
        _ = try await body(client)
    }

    /// Kills a machine's QEMU and waits until it is gone.
    func end(_ paths: MachinePaths) async throws {
        for process in ProcessTable.processes(withArgument: paths.word) where process.isMachine(paths) {
            try await kill(process)
        }
        if let machine = machine(of: paths.build) {
            try await kill(machine.process.identity)
            _ = await machine.end.value
            forget(paths.build)
        }
    }

    /// Kills a process and waits until it is gone: nothing that it could still write is wanted.
    func kill(_ process: ProcessIdentity) async throws {
        guard process.send(signal: SIGKILL) else { return }
        _ = try await Waiter(firstPause: .milliseconds(5), longestPause: .milliseconds(100)).wait(
            for: "the end of process \(process.identifier)", within: .seconds(30)
        ) { process.isRunning ? nil : true }
    }
}
