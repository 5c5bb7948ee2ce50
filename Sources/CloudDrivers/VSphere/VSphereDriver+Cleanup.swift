public import Clouds

extension VSphereDriver {
    /// Destroys a machine with its disks, powering it off first. One that does not exist is no error.
    public func destroy(_ resource: Resource) async throws {
        guard resource.kind == .virtualMachine else {
            throw CloudError(.unsupported, "The cloud 'vsphere' knows no \(resource.kind.rawValue).")
        }
        let found: ManagedObject?
        if let reference = resource.reference {
            found = ManagedObject(reference)
        } else {
            // The answer of its creation was lost, perhaps: its name tells it.
            found = try await inventory().first { $0.token == resource.token }?.reference.flatMap { ManagedObject($0) }
        }
        guard let machine = found else { return }
        await unwatch(machine)
        do {
            if try await power(of: machine, to: "remove the machine") == "poweredOn" { try await powerOff(machine) }
            try await session.finish(
                session.call("Destroy_Task", machine, to: "remove the machine"), to: "remove the machine")
        } catch let error as CloudError where error.code == .notFound {
            return
        }
    }

    /// Machines that carry our mark, or our name, and are no published templates.
    public func inventory() async throws -> [Resource] {
        try await inventoryOfNames.machines(["name", "config.annotation"]).compactMap { object, properties in
            let machineName = properties["name"]?.text ?? ""
            let mark = properties["config.annotation"].flatMap { MachineMark($0.text) }
            guard mark?.template == nil, let build = mark?.build ?? MachineMark.build(ofName: machineName) else {
                return nil
            }
            var resource = Resource(
                cloud: name, kind: .virtualMachine, build: build, token: MachineMark.machineName(of: build),
                reference: object.text)
            resource.expires = mark?.expires
            return resource
        }
    }
}
