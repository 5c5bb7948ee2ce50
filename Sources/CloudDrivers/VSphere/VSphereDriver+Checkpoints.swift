public import Clouds

extension VSphereDriver {
    /// Takes a snapshot of the disk. Snapshots of a machine form a chain, which slows it down: not more than a few at a time.
    /// - Returns: The snapshot, in the words of this cloud.
    public func checkpoint(_ instance: Instance, named label: String) async throws -> String {
        guard let machine = ManagedObject(instance.reference) else {
            throw CloudError(.notFound, "There is no machine '\(instance.reference)'.")
        }
        let action = "take a snapshot"
        let result = try await session.finish(
            session.call(
                "CreateSnapshot_Task", machine,
                [
                    Element("name", label), Element("description", "replay"), Element("memory", false),
                    Element("quiesce", false),
                ], to: action), to: action)
        guard let snapshot = result?.object else { throw VSphereError.protocolViolation("a snapshot has no result") }
        return snapshot.text
    }

    /// Takes the machine back to a snapshot; it is powered off then.
    public func revert(to checkpoint: String) async throws {
        let action = "go back to a snapshot"
        try await session.finish(
            session.call("RevertToSnapshot_Task", try snapshot(checkpoint), to: action), to: action)
    }

    /// Removes a snapshot; what came after it stays.
    public func remove(checkpoint: String) async throws {
        let action = "remove a snapshot"
        do {
            try await session.finish(
                session.call(
                    "RemoveSnapshot_Task", try snapshot(checkpoint),
                    [Element("removeChildren", false)], to: action), to: action)
        } catch let error as CloudError where error.code == .notFound {
            return
        }
    }

    private func snapshot(_ text: String) throws -> ManagedObject {
        guard let object = ManagedObject(text) else { throw CloudError(.notFound, "There is no snapshot '\(text)'.") }
        return object
    }
}
