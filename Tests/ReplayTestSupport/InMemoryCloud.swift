public import Basemaps
public import Clouds
public import ReplayEvents

/// A cloud that lives in this process, for tests of what uses one: every verb can be made to fail, and every machine to
/// be in any state.
public actor InMemoryCloud: CloudDriver {
    /// A verb of the protocol.
    public enum Verb: Sendable, Hashable, CaseIterable {
        case preflight, prepareBase, launch, addresses, state, console, start, stop, reset, capture, destroy, inventory
    }

    /// One machine.
    public struct Machine: Sendable {
        /// What it was launched with.
        public var spec: InstanceSpec
        /// What it was launched from.
        public var source: LaunchSource
        /// What it does.
        public var state: InstanceState
        /// What its console shows.
        public var console: [UInt8] = []
        /// Where its SSH server is.
        public var addresses: [GuestAddress]
        /// How often it was reset.
        public var resets = 0
    }

    /// `in-memory`.
    public nonisolated let name: String
    /// What it says it can do.
    public nonisolated let capabilities: CloudCapabilities
    /// The machines, by reference.
    public private(set) var machines: [String: Machine] = [:]
    /// The images that were captured.
    public private(set) var images: [CloudImage] = []
    /// The verbs that were called, in order.
    public private(set) var calls: [Verb] = []
    private var failures: [Verb: [any Error]] = [:]
    private var ignoresPowerButton = false
    private var nextAddresses: [GuestAddress] = [GuestAddress(host: "127.0.0.1", port: 22)]

    /// Makes an empty cloud.
    public init(
        name: String = "in-memory",
        capabilities: CloudCapabilities = CloudCapabilities(
            capture: true, diskCheckpoints: false, memoryCheckpoints: false, portForwards: false)
    ) {
        self.name = name
        self.capabilities = capabilities
    }

    // MARK: Faults

    /// The next calls of a verb throw these errors, one each, after what they do when `launch` or `capture` noted it in the
    /// ledger and before otherwise.
    public func fail(_ verb: Verb, with errors: any Error...) { failures[verb, default: []] += errors }
    /// The guest does not react to its power button.
    public func ignorePowerButton(_ ignore: Bool = true) { ignoresPowerButton = ignore }
    /// Puts a machine into a state, as if it got there by itself.
    public func set(_ state: InstanceState, of instance: Instance) { machines[instance.reference]?.state = state }
    /// Sets where machines that are launched from now on are reached.
    public func setAddresses(_ addresses: [GuestAddress]) { nextAddresses = addresses }
    /// The machine writes to its console.
    public func write(_ text: String, toConsoleOf instance: Instance) {
        machines[instance.reference]?.console += Array(text.utf8)
    }

    private func enter(_ verb: Verb) { calls.append(verb) }
    private func failIfAsked(_ verb: Verb) throws {
        guard var list = failures[verb], !list.isEmpty else { return }
        let error = list.removeFirst()
        failures[verb] = list
        throw error
    }
    private func machine(_ instance: Instance) throws -> Machine {
        guard let machine = machines[instance.reference] else {
            throw CloudError(.notFound, "There is no machine '\(instance.reference)'.")
        }
        return machine
    }

    // MARK: CloudDriver

    /// Does nothing unless told to fail.
    public func preflight() async throws {
        enter(.preflight)
        try failIfAsked(.preflight)
    }

    /// Answers an image named as the base.
    public func prepareBase(
        _ base: ResolvedBase, task: TaskID, events: @escaping EventHandler
    ) async throws -> CloudImage {
        enter(.prepareBase)
        try failIfAsked(.prepareBase)
        return CloudImage(cloud: name, reference: base.row, digest: nil, origin: "memory")
    }

    /// Makes a running machine.
    public func launch(
        _ spec: InstanceSpec, from source: LaunchSource, ledger: any ResourceLedger, events: @escaping EventHandler
    ) async throws -> Instance {
        enter(.launch)
        let reference = "vm-\(spec.build)"
        let id = try await ledger.intend(
            Resource(cloud: name, kind: .virtualMachine, build: spec.build, token: reference))
        machines[reference] = Machine(spec: spec, source: source, state: .running, addresses: nextAddresses)
        try failIfAsked(.launch)
        try await ledger.confirm(id, reference: reference)
        return Instance(build: spec.build, reference: reference, start: .booted)
    }

    /// The addresses that ``setAddresses(_:)`` gave, while the machine runs.
    public func addresses(of instance: Instance) async throws -> [GuestAddress] {
        enter(.addresses)
        try failIfAsked(.addresses)
        let machine = try machine(instance)
        return machine.state == .running ? machine.addresses : []
    }

    /// The state.
    public func state(of instance: Instance) async throws -> InstanceState {
        enter(.state)
        try failIfAsked(.state)
        return machines[instance.reference]?.state ?? .absent
    }

    /// What was written to the console.
    public func console(of instance: Instance, last bytes: Int) async throws -> [UInt8] {
        enter(.console)
        try failIfAsked(.console)
        return Array(try machine(instance).console.suffix(bytes))
    }

    /// Starts a stopped machine.
    public func start(_ instance: Instance) async throws {
        enter(.start)
        try failIfAsked(.start)
        _ = try machine(instance)
        machines[instance.reference]?.state = .running
    }

    /// Stops a machine at once, unless the guest ignores its button.
    public func stop(_ instance: Instance, graceful: Bool) async throws {
        enter(.stop)
        try failIfAsked(.stop)
        _ = try machine(instance)
        if graceful && ignoresPowerButton { return }
        machines[instance.reference]?.state = .stopped
    }

    /// Counts resets.
    public func reset(_ instance: Instance) async throws {
        enter(.reset)
        try failIfAsked(.reset)
        _ = try machine(instance)
        machines[instance.reference]?.resets += 1
    }

    /// Makes an image of a stopped machine.
    public func capture(
        _ instance: Instance, as request: CaptureRequest, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage {
        enter(.capture)
        guard try machine(instance).state == .stopped else {
            throw CloudError(.captureFailed, "The machine is not powered off.")
        }
        let token = "\(request.destination)/image"
        let id = try await ledger.intend(
            Resource(cloud: name, kind: .file, build: instance.build, token: token))
        try failIfAsked(.capture)
        let image = CloudImage(cloud: name, reference: token, digest: "sha256:0", origin: "memory")
        images.append(image)
        try await ledger.gone(id)
        return image
    }

    /// Forgets a machine or an image.
    public func destroy(_ resource: Resource) async throws {
        enter(.destroy)
        try failIfAsked(.destroy)
        machines[resource.reference ?? resource.token] = nil
        images.removeAll { $0.reference == resource.token }
    }

    /// The machines.
    public func inventory() async throws -> [Resource] {
        enter(.inventory)
        try failIfAsked(.inventory)
        return machines.map { reference, machine in
            Resource(
                cloud: name, kind: .virtualMachine, build: machine.spec.build, token: reference, reference: reference)
        }
    }
}
