internal import Clouds

/// Finds objects by the names that users know.
struct Inventory: Sendable {
    let session: VimSession
    let places: VSpherePlaces

    /// A datacenter's path and its folder of machines.
    struct Datacenter: Sendable {
        var path: String
        var machines: ManagedObject
    }

    /// The datacenter that was named, or the only one.
    func datacenter() async throws -> Datacenter {
        let action = "look for the datacenter"
        let root = try await session.service().object("rootFolder")
        let query = PropertyQuery(
            properties: [("Datacenter", ["name", "vmFolder"])], objects: [root], steps: [("Folder", "childEntity")])
        let found = try await session.retrieve(query, to: action).compactMap { _, properties -> Datacenter? in
            guard let name = properties["name"]?.text, let folder = properties["vmFolder"]?.object else { return nil }
            return Datacenter(path: "/" + name, machines: folder)
        }
        guard let wanted = places.datacenter else {
            if let only = found.first, found.count == 1 { return only }
            throw CloudError(
                .missingPrerequisite,
                "There are \(found.count) datacenters: name one with --datacenter or GOVC_DATACENTER.",
                context: found.map(\.path))
        }
        let path = wanted.hasPrefix("/") ? wanted : "/" + wanted
        if let match = found.first(where: { $0.path == path }) { return match }
        guard let object = try await find(path),
            let folder = try await session.properties(of: object, ["vmFolder"], to: action)?["vmFolder"]?.object
        else {
            throw CloudError(.notFound, "There is no datacenter '\(wanted)'.", context: found.map(\.path))
        }
        return Datacenter(path: path, machines: folder)
    }

    /// The object at an inventory path; nil when there is none. A name's `/` is written `%2f`.
    func find(_ path: String) async throws -> ManagedObject? {
        try await session.call(
            "FindByInventoryPath", { try $0.object("searchIndex") }, [Element("inventoryPath", path)],
            to: "look for '\(path)'")["returnval"]?.object
    }

    /// The object of a name in a folder of the datacenter (`vm`, `host`, `datastore`, `network`), or at a whole path.
    /// - Throws: ``CloudError/Code/notFound``, naming the flag.
    func object(_ name: String, in folder: String, flag: String) async throws -> ManagedObject {
        let path = try await path(of: name, in: folder)
        if let object = try await find(path) { return object }
        throw CloudError(
            .notFound, "There is nothing at '\(path)': --\(flag), or its variable, names what is not there.")
    }

    /// The whole path of a name.
    func path(of name: String, in folder: String) async throws -> String {
        name.hasPrefix("/") ? name : try await datacenter().path + "/\(folder)/\(name)"
    }

    /// The child of a folder with a name.
    func child(_ name: String, of folder: ManagedObject) async throws -> ManagedObject? {
        try await session.call(
            "FindChild", { try $0.object("searchIndex") }, [Element("entity", folder), Element("name", name)],
            to: "look for '\(name)'")["returnval"]?.object
    }

    /// The resource pool to put a machine in.
    /// - Parameter fallback: The pool of the template's own cluster or host.
    func pool(fallback: ManagedObject?) async throws -> ManagedObject {
        if let pool = places.pool { return try await object(pool, in: "host", flag: "pool") }
        if let cluster = places.cluster {
            let object = try await object(cluster, in: "host", flag: "cluster")
            let action = "read the cluster '\(cluster)'"
            if let pool = try await session.properties(of: object, ["resourcePool"], to: action)?["resourcePool"]?
                .object
            {
                return pool
            }
        }
        guard let fallback else {
            throw CloudError(
                .missingPrerequisite,
                "It is not known where the machine is to run: name a cluster with --cluster or GOVC_CLUSTER.")
        }
        return fallback
    }

    /// All machines and templates, with some of their properties.
    func machines(_ paths: [String]) async throws -> [(object: ManagedObject, properties: Properties)] {
        let action = "list the machines"
        let root = try await session.service().object("rootFolder")
        guard
            let view = try await session.call(
                "CreateContainerView", { try $0.object("viewManager") },
                [Element("container", root), Element("type", "VirtualMachine"), Element("recursive", true)], to: action)[
                    "returnval"]?.object
        else { throw VSphereError.protocolViolation("it makes no view") }
        let query = PropertyQuery(
            properties: [("VirtualMachine", paths)], objects: [view], steps: [("ContainerView", "view")])
        do {
            let found = try await session.retrieve(query, to: action)
            _ = try? await session.call("DestroyView", view, to: action)
            return found
        } catch {
            _ = try? await session.call("DestroyView", view, to: action)
            throw error
        }
    }
}
