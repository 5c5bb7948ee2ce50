internal import Clouds

/// A login at a vCenter, made when it is needed, renewed when the server has forgotten it, and ended with ``logout()``.
actor VimSession {
    /// Objects that a server has one of, and what it says about itself. `ServiceContent` of the API.
    struct Service: Sendable {
        var content: Element
        var isVirtualCenter: Bool { content.at("about", "apiType")?.text == "VirtualCenter" }
        func object(_ name: String) throws -> ManagedObject {
            guard let object = content[name]?.object else { throw VSphereError.protocolViolation("it has no \(name)") }
            return object
        }
    }

    private let account: VSphereAccount
    private let serviceInstance = ManagedObject(type: "ServiceInstance", value: "ServiceInstance")
    private var client: VimClient?
    private var opening: Task<Service, any Error>?
    /// Connections for long calls that wait for nothing now.
    private var idle: [VimClient] = []
    /// How many logins there were: whoever failed with an older one need not log in again.
    private var generation = 0

    init(_ account: VSphereAccount) { self.account = account }

    /// The server's objects, after a login.
    func service() async throws -> Service { try await opened().service }

    private func opened() async throws -> (client: VimClient, service: Service, generation: Int) {
        let client: VimClient
        if let known = self.client {
            client = known
        } else {
            let trust = try await account.trust()
            client = self.client ?? VimClient(url: account.url, trust: trust)
            self.client = client
        }
        let task = opening ?? Task { try await self.open(client) }
        if opening == nil {
            opening = task
            generation += 1
        }
        let number = generation
        do { return (client, try await task.value, number) } catch {
            if generation == number { opening = nil }
            throw error
        }
    }

    private func open(_ client: VimClient) async throws -> Service {
        client.forgetSession()
        guard let content = try await client.call("RetrieveServiceContent", serviceInstance)["returnval"] else {
            throw VSphereError.protocolViolation("it has no service content")
        }
        let service = Service(content: content)
        guard service.isVirtualCenter else {
            throw CloudError(
                .unsupported,
                "\(account.url) is an ESXi host without a vCenter: it can neither clone nor keep templates. Name the vCenter that manages it."
            )
        }
        do {
            try await client.call(
                "Login", service.object("sessionManager"),
                [Element("userName", account.user), Element("password", account.password)])
        } catch let fault as VimFault {
            throw VSphereError.explained(fault, to: "log in at \(account.url) as '\(account.user)'")
        }
        return service
    }

    /// Calls a method; once more after a new login when the server does not know the session any more.
    /// - Parameters:
    ///   - action: What it is for, in the words of an error: `clone the template 'debian-12'`.
    ///   - isLong: Whether the answer may take its time: then it has a connection of its own.
    @discardableResult
    func call(
        _ method: String, _ this: @Sendable (Service) throws -> ManagedObject, _ arguments: [Element?] = [],
        to action: String, isLong: Bool = false
    ) async throws -> Element {
        var isRenewed = false
        while true {
            let (client, service, number) = try await opened()
            let connection = isLong ? idle.popLast() ?? client.fork() : client
            defer { if isLong { idle.append(connection) } }
            do {
                return try await connection.call(method, try this(service), arguments)
            } catch let fault as VimFault where fault.name == "NotAuthenticated" && !isRenewed {
                isRenewed = true
                if number == generation { opening = nil }
            } catch let fault as VimFault {
                throw await explained(fault, to: action)
            }
        }
    }

    /// The error for a fault, in which objects have names: who reads it does not know references.
    func explained(_ fault: VimFault, to action: String) async -> CloudError {
        var names: [ManagedObject: String] = [:]
        if fault.name == "NoPermission", let object = fault.detail["object"]?.object,
            let opened = try? await opened(), let collector = try? opened.service.object("propertyCollector")
        {
            let query = PropertyQuery(properties: [(object.type, ["name"])], objects: [object])
            let answer = try? await opened.client.call(
                "RetrievePropertiesEx", collector, [query.specSet, Element("options", [])])
            names[object] = answer?["returnval"]?.at("objects", "propSet", "val")?.text
        }
        return VSphereError.explained(fault, to: action, names: names)
    }

    /// Calls a method of an object.
    @discardableResult
    func call(
        _ method: String, _ object: ManagedObject, _ arguments: [Element?] = [], to action: String, isLong: Bool = false
    ) async throws -> Element {
        try await call(method, { _ in object }, arguments, to: action, isLong: isLong)
    }

    /// Ends the session. What fails is not told: the server ends idle sessions by itself.
    func logout() async {
        guard let client, let task = opening, let service = try? await task.value else { return }
        opening = nil
        if let manager = try? service.object("sessionManager") { _ = try? await client.call("Logout", manager) }
        client.forgetSession()
    }
}
