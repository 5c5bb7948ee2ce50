public import Basemaps
public import Clouds
internal import Foundation
public import ReplayEvents
internal import Synchronization

/// vSphere: machines are clones of a template in a vCenter's inventory, and become templates there.
///
/// Source: the vSphere Web Services API reference, version 6.5 and later. Everything that is made carries a ``MachineMark``.
public final class VSphereDriver: CloudDriver {
    /// `vsphere`.
    public let name = "vsphere"
    /// Machines become templates, which are out of this machine's reach.
    public let capabilities: CloudCapabilities = {
        var capabilities = CloudCapabilities(
            capture: true, diskCheckpoints: false, memoryCheckpoints: false, portForwards: false)
        capabilities.localImages = false
        return capabilities
    }()

    let session: VimSession
    let places: VSpherePlaces
    let inventoryOfNames: Inventory
    let owner: String
    let account: VSphereAccount
    private let watches = Mutex<[ManagedObject: MachineWatch]>([:])
    private let events = Mutex<EventHandler?>(nil)

    /// How long a machine that nobody has finished counts as somebody's, in seconds.
    static let lifetime: Int64 = 24 * 3600

    /// Makes a driver; nothing is connected yet.
    /// - Parameters:
    ///   - owner: Who makes machines, for their marks: `user@host`.
    public init(account: VSphereAccount, places: VSpherePlaces, owner: String) {
        self.account = account
        self.places = places
        self.owner = owner
        session = VimSession(account)
        inventoryOfNames = Inventory(session: session, places: places)
    }

    /// Logs in.
    public func preflight() async throws { _ = try await session.service() }

    /// Finds the base template: the one that was named, or the basemap's.
    public func prepareBase(
        _ base: ResolvedBase, task: TaskID, events: @escaping EventHandler
    ) async throws -> CloudImage {
        guard let path = places.base ?? base.templatePath else {
            throw CloudError(
                .baseUnavailable,
                "The basemap has no vSphere template for \(base.reference): name one with --base /DATACENTER/vm/TEMPLATE, or write a 'vsphere' cell."
            )
        }
        let whole = try await inventoryOfNames.path(of: path, in: "vm")
        guard let object = try await inventoryOfNames.find(whole) else {
            throw CloudError(
                .baseUnavailable, "There is no template '\(whole)' in the inventory, or the account may not see it.")
        }
        return CloudImage(cloud: name, reference: object.text, digest: nil, origin: whole)
    }

    // MARK: Questions

    /// The machine's power state, and whether the guest's address is known.
    public func state(of instance: Instance) async throws -> InstanceState {
        guard let object = ManagedObject(instance.reference) else { return .absent }
        let properties: Properties
        do { properties = try await watch(object).properties() } catch let error as CloudError
            where error.code == .notFound
        {
            return .absent
        }
        switch properties["runtime.powerState"]?.text {
        case "poweredOn": return .running
        case "poweredOff": return .stopped
        case "suspended": return .failed("Somebody suspended the machine.")
        case let other: return .failed("Its power state is '\(other ?? "unknown")'.")
        }
    }

    /// All addresses that VMware Tools report for the machine's own network cards.
    public func addresses(of instance: Instance) async throws -> [GuestAddress] {
        guard let object = ManagedObject(instance.reference) else { return [] }
        return GuestAddresses.all(in: try await watch(object).properties()).map { GuestAddress(host: $0, port: 22) }
    }

    /// The machine's watch, which begins with the first question.
    func watch(_ object: ManagedObject) -> MachineWatch {
        watches.withLock { watches in
            if let watch = watches[object], watch.isAlive { return watch }
            let watch = MachineWatch(object, session) { [weak self] in await self?.answer($0, of: object) }
            watches[object] = watch
            return watch
        }
    }

    /// Ends the watch of a machine that is no machine of ours any more.
    func unwatch(_ object: ManagedObject) async {
        let watch = watches.withLock { $0.removeValue(forKey: object) }
        await watch?.end()
    }

    /// Whom to tell what happens to machines.
    func tell(_ handler: @escaping EventHandler) { events.withLock { $0 = handler } }

    /// Tells what went wrong and changes nothing.
    func warn(_ text: String) { events.withLock { $0 }?(.warning(text)) }

    /// Answers a question of the hypervisor with what it proposes; where it proposes nothing, the user must.
    private func answer(_ question: Element, of object: ManagedObject) async {
        let text = question["text"]?.text ?? ""
        let handler = events.withLock { $0 }
        guard let id = question["id"]?.text,
            let choice = question.at("choice", "defaultIndex").flatMap({ Int($0.text) }),
            let options = question["choice"]?.all("choiceInfo"), options.indices.contains(choice),
            let key = options[choice]["key"]?.text
        else {
            handler?(.warning("The machine waits for an answer in the vSphere client: \(text)"))
            return
        }
        handler?(.notice("The machine asked: \(text) The answer is '\(options[choice]["summary"]?.text ?? key)'."))
        _ = try? await session.call(
            "AnswerVM", object, [Element("questionId", id), Element("answerChoice", key)], to: "answer a question")
    }

    /// Ends watches and the session.
    public func close() async {
        let all = watches.withLock { watches in
            defer { watches = [:] }
            return Array(watches.values)
        }
        for watch in all { await watch.end() }
        await session.logout()
    }
}

extension ResolvedBase {
    /// The template that the basemap names.
    fileprivate var templatePath: String? {
        for case .named(let path) in sources { return path }
        return nil
    }
}

/// What VMware Tools report about the guest's network.
enum GuestAddresses {
    /// The addresses of network cards that the machine has (not of bridges in it), those that lead somewhere first.
    static func all(in properties: Properties) -> [String] {
        let devices = properties["config.hardware.device"]?.children ?? []
        let own = Set(devices.compactMap { $0["macAddress"]?.text.lowercased() })
        var found: [String] = []
        for card in properties["guest.net"]?.children ?? [] {
            let address = card["macAddress"]?.text.lowercased()
            guard own.isEmpty || address.map(own.contains) ?? true else { continue }
            found += card.all("ipAddress").map(\.text)
        }
        if let first = properties["guest.ipAddress"]?.text, !first.isEmpty { found.insert(first, at: 0) }
        var seen: Set<String> = []
        return found.filter { address in
            // Link-local ones need an interface's name, and lead nowhere from outside.
            !address.isEmpty && !address.hasPrefix("169.254.") && !address.lowercased().hasPrefix("fe80:")
                && seen.insert(address).inserted
        }
    }
}
