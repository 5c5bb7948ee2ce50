public import Clouds
internal import Foundation
public import ReplayEvents

extension VSphereDriver {
    /// Makes the stopped machine itself the template, still under its own name: guestinfo and snapshots go, and a linked clone gets
    /// a disk of its own.
    ///
    /// It stays in the ledger: only ``publish(_:as:ledger:)`` makes it something that is kept.
    public func capture(
        _ instance: Instance, as request: CaptureRequest, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage {
        guard let machine = ManagedObject(instance.reference) else {
            throw CloudError(.notFound, "There is no machine '\(instance.reference)'.")
        }
        await unwatch(machine)
        let base = try await BaseTemplate.read(machine, in: session)
        guard base.powerState == "poweredOff" else {
            throw CloudError(
                .captureFailed, "The machine is not powered off: its disk may be half written and is not captured.")
        }
        if base.snapshot != nil {
            let action = "remove the machine's snapshots"
            try await session.finish(session.call("RemoveAllSnapshots_Task", machine, to: action), to: action)
        }
        if base.disk?.at("backing", "parent") != nil {
            events(.taskNote(task, "giving the template a disk of its own"))
            let action = "give the template a disk of its own"
            try await session.finish(
                session.call("PromoteDisks_Task", machine, [Element("unlink", true)], to: action), to: action)
        }
        let action = "remove the first boot's texts from the machine"
        try await session.finish(
            session.call("ReconfigVM_Task", machine, [Element("spec", GuestInfo.removal)], to: action), to: action)
        if !base.isTemplate { try await session.call("MarkAsTemplate", machine, to: "mark the machine as a template") }
        return CloudImage(cloud: name, reference: machine.text, digest: nil, origin: "capture of \(request.name)")
    }

    /// Gives the template its name. The template that had it keeps another one until the new one has it; older ones go, but for as
    /// many as are to be kept.
    public func publish(
        _ image: CloudImage, as request: PublishRequest, ledger: any ResourceLedger
    ) async throws -> CloudImage {
        guard let template = ManagedObject(image.reference) else {
            throw CloudError(.notFound, "There is no template '\(image.reference)'.")
        }
        let published = request.tag == "latest" ? request.name : "\(request.name)-\(request.tag)"
        let base = try await BaseTemplate.read(template, in: session)
        guard let folder = base.parent else { throw VSphereError.protocolViolation("a template is in no folder") }
        let mark = MachineMark(
            build: request.build, owner: owner, expires: nil, template: "\(request.name):\(request.tag)",
            published: Int64(Date().timeIntervalSince1970 * 1000))
        let labels = request.labels.map {
            "\($0.name): \($0.value.split(whereSeparator: \.isNewline).joined(separator: " "))"
        }
        // The mark comes first: what a label says of a mark's keys is only a label.
        let note = ([mark.text] + labels).joined(separator: "\n")

        let earlier = try await self.earlier(published, in: folder)
        let action = "describe the template"
        try await session.finish(
            session.call("ReconfigVM_Task", template, [Element("spec", [Element("annotation", note)])], to: action),
            to: action)
        if let earlier { try await rename(earlier.object, to: "\(published)~\(earlier.mark.build)") }
        do { try await rename(template, to: published) } catch {
            // The name leads to what it led to before.
            if let earlier { try? await rename(earlier.object, to: published) }
            throw error
        }
        for entry in try await ledger.entries(of: request.build) where entry.resource.reference == template.text {
            try await ledger.gone(entry.id)
        }
        do { try await prune("\(request.name):\(request.tag)", in: folder, keeping: template) } catch let error
            as CloudError
        {
            // The new template is good all the same.
            warn("An old template of \(published) could not be removed: \(error)")
        }
        var image = image
        image.origin = published
        return image
    }

    private func earlier(
        _ name: String, in folder: ManagedObject
    ) async throws -> (object: ManagedObject, mark: MachineMark)? {
        guard let object = try await inventoryOfNames.child(name, of: folder) else { return nil }
        let properties = try await session.properties(of: object, ["config.annotation"], to: "look at '\(name)'")
        guard let mark = properties?["config.annotation"].flatMap({ MachineMark($0.text) }), mark.template != nil else {
            throw CloudError(
                .captureFailed,
                "There is something named '\(name)' in the folder already that replay did not make: it is not replaced. Give the template another name with -t, or another folder with --folder."
            )
        }
        return (object, mark)
    }

    private func rename(_ object: ManagedObject, to name: String) async throws {
        let action = "name the template '\(name)'"
        try await session.finish(
            session.call("Rename_Task", object, [Element("newName", name)], to: action), to: action)
    }

    /// Destroys published templates of a name beyond those that are to be kept, the oldest first. Those of another folder are
    /// somebody else's.
    private func prune(_ reference: String, in folder: ManagedObject, keeping newest: ManagedObject) async throws {
        let found = try await inventoryOfNames.machines(["config.annotation", "config.template", "parent"])
        let old = found.compactMap { object, properties -> (object: ManagedObject, published: Int64)? in
            guard object != newest, properties["config.template"]?.isTrue == true,
                properties["parent"]?.object == folder,
                let mark = properties["config.annotation"].flatMap({ MachineMark($0.text) }),
                mark.template == reference
            else { return nil }
            return (object, mark.published ?? 0)
        }.sorted { $0.published > $1.published }
        for template in old.dropFirst(max(0, places.keeps)) {
            let action = "remove an old template of \(reference)"
            try await session.finish(session.call("Destroy_Task", template.object, to: action), to: action)
        }
    }
}
