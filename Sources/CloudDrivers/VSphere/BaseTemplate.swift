internal import Clouds

/// A template to clone, and what has to be known of it.
struct BaseTemplate: Sendable {
    var object: ManagedObject
    var name: String
    var parent: ManagedObject?
    var isTemplate: Bool
    var powerState: String
    /// The snapshot that linked clones can share its disk from.
    var snapshot: ManagedObject?
    var devices: [Element]
    var host: String?
    var hostInMaintenance: Bool
    /// The root pool of the cluster or host where it is.
    var pool: ManagedObject?
    var annotation: String

    /// Reads a template with its host and cluster, in one call.
    static func read(_ object: ManagedObject, in session: VimSession) async throws -> BaseTemplate {
        let query = PropertyQuery(
            properties: [
                (
                    "VirtualMachine",
                    [
                        "name", "parent", "config.template", "config.annotation", "runtime.powerState", "snapshot",
                        "config.hardware.device",
                    ]
                ),
                ("HostSystem", ["name", "runtime.inMaintenanceMode"]), ("ComputeResource", ["resourcePool"]),
            ],
            objects: [object], steps: [("VirtualMachine", "runtime.host"), ("HostSystem", "parent")])
        let found = try await session.retrieve(query, to: "read the template \(object.value)")
        guard let machine = found.first(where: { $0.object == object })?.properties else {
            throw CloudError(.notFound, "The template \(object.text) does not exist any more.")
        }
        let host = found.first { $0.object.type == "HostSystem" }?.properties
        let compute = found.first { $0.object.type.hasSuffix("ComputeResource") }?.properties
        return BaseTemplate(
            object: object, name: machine["name"]?.text ?? object.value, parent: machine["parent"]?.object,
            isTemplate: machine["config.template"]?.isTrue ?? false,
            powerState: machine["runtime.powerState"]?.text ?? "",
            snapshot: machine["snapshot"]?["currentSnapshot"]?.object,
            devices: machine["config.hardware.device"]?.children ?? [], host: host?["name"]?.text,
            hostInMaintenance: host?["runtime.inMaintenanceMode"]?.isTrue ?? false,
            pool: compute?["resourcePool"]?.object, annotation: machine["config.annotation"]?.text ?? "")
    }

    /// Refuses what cannot be cloned in a way that makes sense.
    func check() throws {
        guard powerState == "poweredOff" else {
            throw CloudError(
                .baseUnavailable,
                "The base '\(name)' is \(powerState): a copy of its disk would be in the middle of something. Power it off, or name a template."
            )
        }
        if hostInMaintenance, let host {
            throw CloudError(
                .launchFailed,
                "The host '\(host)' of the template '\(name)' is in maintenance mode. Wait, or name a cluster with --cluster."
            )
        }
    }

    /// The first disk.
    var disk: Element? { devices.first { $0.type == "VirtualDisk" } }
    /// The first network card.
    var networkCard: Element? { devices.first { $0["macAddress"] != nil || $0["addressType"] != nil } }

    /// The change that grows the first disk, nil when it is as large already.
    func growth(toGiB size: Int) throws -> Element? {
        guard var disk, let capacity = disk["capacityInKB"].flatMap({ Int($0.text) }) else {
            throw CloudError(.launchFailed, "The template '\(name)' has no disk.")
        }
        let wanted = size << 20
        guard wanted >= capacity else {
            throw CloudError(
                .launchFailed, "The template's disk has \(capacity >> 20) GiB already: --disk can only make it larger.")
        }
        guard wanted > capacity else { return nil }
        for index in disk.children.indices {
            switch disk.children[index].name {
            case "capacityInKB": disk.children[index].text = String(wanted)
            case "capacityInBytes": disk.children[index].text = String(wanted << 10)
            default: break
            }
        }
        return Self.change(disk)
    }

    /// The change that connects the first network card to a backing.
    func connection(to backing: Element) throws -> Element {
        guard var card = networkCard else {
            throw CloudError(.launchFailed, "The template '\(name)' has no network card.")
        }
        guard let index = card.children.firstIndex(where: { $0.name == "backing" }) else {
            throw CloudError(.launchFailed, "The network card of the template '\(name)' has no backing to be changed.")
        }
        card.children[index] = backing
        return Self.change(card)
    }

    private static func change(_ device: Element) -> Element {
        var device = device
        device.name = "device"
        return Element("deviceChange", [Element("operation", "edit"), device])
    }
}
