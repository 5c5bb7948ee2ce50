public import Clouds

/// A ledger that lives in this process: all of the contract but durability.
public actor InMemoryLedger: ResourceLedger {
    private var list: [LedgerEntry] = []
    private var next: LedgerEntry.ID = 1
    /// Everything that was ever intended, in order.
    public private(set) var history: [Resource] = []
    /// Runs after an entry was written and before `intend` returns: a test looks at the world here, or throws as a full
    /// disk would.
    public var onIntend: (@Sendable (Resource) async throws -> Void)?

    /// Makes an empty ledger.
    public init() {}

    /// Sets ``onIntend``.
    public func setOnIntend(_ action: (@Sendable (Resource) async throws -> Void)?) { onIntend = action }

    /// Every entry that is not gone, of every build, newest first.
    public var all: [LedgerEntry] { list.reversed() }

    /// Notes an intent.
    public func intend(_ resource: Resource) async throws -> LedgerEntry.ID {
        let id = next
        next += 1
        list.append(LedgerEntry(id: id, resource: resource, state: .intended))
        history.append(resource)
        try await onIntend?(resource)
        return id
    }

    /// Notes that it exists.
    public func confirm(_ id: LedgerEntry.ID, reference: String?) async throws {
        guard let index = list.firstIndex(where: { $0.id == id }) else { return }
        list[index].state = .present
        if let reference { list[index].resource.reference = reference }
    }

    /// Notes that it is gone.
    public func gone(_ id: LedgerEntry.ID) async throws { list.removeAll { $0.id == id } }

    /// What a build has not got rid of, newest first.
    public func entries(of build: BuildID) async throws -> [LedgerEntry] {
        list.reversed().filter { $0.resource.build == build }
    }
}
