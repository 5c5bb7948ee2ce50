public import Clouds
internal import Foundation
public import ReplayEvents

extension VSphereDriver {
    /// Clones a template, gives the clone its size, its mark and its first boot's texts, and powers it on.
    ///
    /// The clone is made powered off and set up afterwards: what a clone specification says of the hardware is not kept by every server.
    /// It is a linked clone, which copies nothing, when the template has a snapshot and the disk need not grow.
    public func launch(
        _ spec: InstanceSpec, from source: LaunchSource, ledger: any ResourceLedger, events: @escaping EventHandler
    ) async throws -> Instance {
        guard case .image(let image) = source, let reference = ManagedObject(image.reference) else {
            throw CloudError(.unsupported, "The cloud 'vsphere' starts machines from templates only.")
        }
        guard spec.attachedDisks.isEmpty, spec.forwards.isEmpty else {
            throw CloudError(.unsupported, "The cloud 'vsphere' has no ports and disks of this machine.")
        }
        tell(events)
        let base = try await BaseTemplate.read(reference, in: session)
        try base.check()
        let machineName = MachineMark.machineName(of: spec.build)
        let entry = try await ledger.intend(
            Resource(cloud: name, kind: .virtualMachine, build: spec.build, token: machineName))
        let machine = try await clone(base, as: machineName, spec, events)
        try await ledger.confirm(entry, reference: machine.text)
        try await setUp(machine, base, spec)
        // First: a power-on may ask something, and waits for the answer.
        _ = watch(machine)
        try await session.finish(
            session.call("PowerOnVM_Task", machine, to: "power on '\(machineName)'"), to: "power on '\(machineName)'")
        return Instance(build: spec.build, reference: machine.text, start: .booted)
    }

    private func clone(
        _ base: BaseTemplate, as machineName: String, _ spec: InstanceSpec, _ events: @escaping EventHandler
    ) async throws -> ManagedObject {
        let growth = try spec.diskGiB.flatMap { try base.growth(toGiB: $0) }
        let snapshot = growth == nil ? base.snapshot : nil
        let folder: ManagedObject
        if let name = places.folder {
            folder = try await inventoryOfNames.object(name, in: "vm", flag: "folder")
        } else if let parent = base.parent {
            folder = parent
        } else {
            folder = try await inventoryOfNames.datacenter().machines
        }
        let datastore = try await places.datastore.asyncMap {
            try await inventoryOfNames.object($0, in: "datastore", flag: "datastore")
        }
        let host = try await places.host.asyncMap { try await inventoryOfNames.object($0, in: "host", flag: "host") }
        let pool = try await inventoryOfNames.pool(fallback: base.pool)
        // In the order of VirtualMachineRelocateSpec and VirtualMachineCloneSpec.
        let location = Element(
            "location",
            [
                datastore.map { Element("datastore", $0) },
                snapshot.map { _ in Element("diskMoveType", "createNewChildDiskBacking") },
                Element("pool", pool), host.map { Element("host", $0) },
            ])
        let specification = Element(
            "spec",
            [
                location, Element("template", false), Element("powerOn", false),
                snapshot.map { Element("snapshot", $0) },
            ])
        let action = "clone the template '\(base.name)'"
        let task = try await session.call(
            "CloneVM_Task", base.object,
            [Element("folder", folder), Element("name", machineName), specification], to: action)
        let result = try await session.finish(task, to: action) { percent in
            events(.taskProgress("boot", completed: Int64(percent), total: 100, unit: .items))
        }
        guard let machine = result?.object else { throw VSphereError.protocolViolation("a clone has no result") }
        return machine
    }

    private func setUp(_ machine: ManagedObject, _ base: BaseTemplate, _ spec: InstanceSpec) async throws {
        let mark = MachineMark(
            build: spec.build, owner: owner, expires: Int64(Date().timeIntervalSince1970) + Self.lifetime)
        var changes: [Element] = []
        let growth = try spec.diskGiB.flatMap { try base.growth(toGiB: $0) }
        if growth != nil || places.network != nil {
            // Its own devices: the template's have the template's disk file and MAC address.
            let own = try await BaseTemplate.read(machine, in: session)
            if growth != nil, let size = spec.diskGiB, let change = try own.growth(toGiB: size) {
                changes.append(change)
            }
            if let network = places.network { changes.append(try own.connection(to: try await backing(of: network))) }
        }
        let specification =
            [
                Element("annotation", mark.text), Element("numCPUs", spec.cpus), Element("memoryMB", spec.memoryMiB),
            ] + changes + GuestInfo.options(of: spec.seed, network: places)
        let action = "set up the machine"
        try await session.finish(
            session.call("ReconfigVM_Task", machine, [Element("spec", specification)], to: action), to: action)
    }

    /// The backing that connects a network card to a network, of a standard or of a distributed switch.
    private func backing(of name: String) async throws -> Element {
        let network = try await inventoryOfNames.object(name, in: "network", flag: "network")
        guard network.type == "DistributedVirtualPortgroup" else {
            return Element(
                "backing", type: "VirtualEthernetCardNetworkBackingInfo",
                [
                    Element("deviceName", name.split(separator: "/").last.map(String.init) ?? name),
                    Element("network", network),
                ])
        }
        let query = PropertyQuery(
            properties: [
                ("DistributedVirtualPortgroup", ["key"]), ("DistributedVirtualSwitch", ["uuid"]),
            ],
            objects: [network], steps: [("DistributedVirtualPortgroup", "config.distributedVirtualSwitch")])
        let found = try await session.retrieve(query, to: "read the network '\(name)'")
        guard let key = found.lazy.compactMap({ $0.properties["key"]?.text }).first,
            let uuid = found.lazy.compactMap({ $0.properties["uuid"]?.text }).first
        else { throw CloudError(.launchFailed, "The network '\(name)' tells neither its key nor its switch.") }
        return Element(
            "backing", type: "VirtualEthernetCardDistributedVirtualPortBackingInfo",
            [Element("port", [Element("switchUuid", uuid), Element("portgroupKey", key)])])
    }
}

/// cloud-init's VMware datasource: the texts of the first boot as guestinfo variables.
/// https://cloudinit.readthedocs.io/en/latest/reference/datasources/vmware.html
enum GuestInfo {
    private static let keys = ["guestinfo.metadata", "guestinfo.userdata", "guestinfo.vendordata"]

    /// The options that hand the texts over.
    static func options(of seed: GuestSeed, network places: VSpherePlaces) -> [Element] {
        let metadata = seed.metaData + network(places)
        return [("guestinfo.metadata", metadata), ("guestinfo.userdata", seed.userData)].flatMap { key, text in
            [
                option(key, Data(text.utf8).base64EncodedString()), option(key + ".encoding", "base64"),
            ]
        }
    }

    /// The metadata's lines for a fixed address, in the second version of cloud-init's network configuration.
    private static func network(_ places: VSpherePlaces) -> String {
        guard let address = places.guestAddress else { return "" }
        var lines = [
            "network:", "  version: 2", "  ethernets:", "    primary:", "      match: {name: \"e*\"}",
            "      addresses: [\"\(address)\"]",
        ]
        if let gateway = places.guestGateway {
            lines.append("      gateway\(gateway.contains(":") ? 6 : 4): \"\(gateway)\"")
        }
        if !places.guestNameServers.isEmpty {
            let servers = places.guestNameServers.map { "\"\($0)\"" }.joined(separator: ", ")
            lines.append("      nameservers: {addresses: [\(servers)]}")
        }
        return "\n" + lines.joined(separator: "\n") + "\n"
    }

    /// The options that take them away again: a server removes a key whose value is empty.
    static var removal: [Element] {
        keys.flatMap { [option($0, ""), option($0 + ".encoding", "")] }
    }

    private static func option(_ key: String, _ value: String) -> Element {
        Element("extraConfig", [Element("key", key), Element("value", type: "xsd:string", value)])
    }
}

extension Optional {
    /// `map` with a body that waits.
    func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        if let self { try await body(self) } else { nil }
    }
}
