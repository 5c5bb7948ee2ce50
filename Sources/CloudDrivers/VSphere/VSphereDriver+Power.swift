public import Clouds

extension VSphereDriver {
    private func machine(of instance: Instance) throws -> ManagedObject {
        guard let object = ManagedObject(instance.reference) else {
            throw CloudError(.notFound, "There is no machine '\(instance.reference)'.")
        }
        return object
    }

    /// Powers a machine on.
    public func start(_ instance: Instance) async throws {
        let machine = try machine(of: instance)
        guard try await power(of: machine, to: "power on the machine") != "poweredOn" else { return }
        // Questions that the power-on asks are answered.
        _ = watch(machine)
        try await session.finish(
            session.call("PowerOnVM_Task", machine, to: "power on the machine"), to: "power on the machine")
    }

    /// Asks the guest to shut down, or cuts the power.
    public func stop(_ instance: Instance, graceful: Bool) async throws {
        let machine = try machine(of: instance)
        guard try await power(of: machine, to: "power off the machine") == "poweredOn" else { return }
        if graceful {
            try await session.call("ShutdownGuest", machine, to: "ask the guest to shut down")
        } else {
            try await powerOff(machine)
        }
    }

    /// Resets a machine as its reset button would.
    public func reset(_ instance: Instance) async throws {
        let machine = try machine(of: instance)
        try await session.finish(
            session.call("ResetVM_Task", machine, to: "reset the machine"), to: "reset the machine")
    }

    /// Cuts the power. A machine that is off already is left alone.
    func powerOff(_ machine: ManagedObject) async throws {
        do {
            try await session.finish(
                session.call("PowerOffVM_Task", machine, to: "power off the machine"), to: "power off the machine")
        } catch let error as CloudError {
            guard try await power(of: machine, to: "power off the machine") != "poweredOn" else { throw error }
        }
    }

    /// The power state as the server has it now.
    /// - Throws: ``CloudError/Code/notFound``.
    func power(of machine: ManagedObject, to action: String) async throws -> String {
        guard
            let state = try await session.properties(of: machine, ["runtime.powerState"], to: action)?[
                "runtime.powerState"]
        else { throw CloudError(.notFound, "The machine '\(machine.value)' does not exist.") }
        return state.text
    }
}
