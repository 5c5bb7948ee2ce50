/// What kind of thing a resource is; an open set.
public struct ResourceKind: RawRepresentable, Sendable, Hashable, Codable {
    /// The name.
    public let rawValue: String
    /// Makes a kind.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A process on this machine. The reference is `PID:STARTTIME` (field 22 of /proc/PID/stat) once it runs.
    public static let process = ResourceKind(rawValue: "process")
    /// A file on this machine; the token is its path.
    public static let file = ResourceKind(rawValue: "file")
    /// A directory on this machine with all that is in it; the token is its path.
    public static let directory = ResourceKind(rawValue: "directory")
    /// A virtual machine in a cloud's inventory.
    public static let virtualMachine = ResourceKind(rawValue: "virtual-machine")
}

/// Something that a build makes and that must be gone when the build is over.
public struct Resource: Sendable, Hashable, Codable {
    /// The name of the driver that can destroy it.
    public var cloud: String
    /// What it is.
    public var kind: ResourceKind
    /// The build that it belongs to.
    public var build: BuildID
    /// What finds the resource even when nobody noted its reference: a path, a unique word of a process's
    /// arguments, an idempotency token. Chosen before the resource is made.
    public var token: String
    /// The cloud's own identifier, known once the resource exists.
    public var reference: String?
    /// From when on, in seconds since 1970, the resource is of no use to whoever made it; known where it is noted in the cloud itself.
    public var expires: Int64?

    /// Makes a value.
    public init(cloud: String, kind: ResourceKind, build: BuildID, token: String, reference: String? = nil) {
        self.cloud = cloud
        self.kind = kind
        self.build = build
        self.token = token
        self.reference = reference
    }
}

/// One line of the ledger.
public struct LedgerEntry: Sendable, Hashable, Identifiable {
    /// How far the resource's life has come.
    public enum State: String, Sendable, Hashable, Codable {
        /// It is about to be made: it may exist or not.
        case intended
        /// It exists.
        case present
    }

    /// The entry's number; later entries have higher ones.
    public var id: Int64
    /// The resource.
    public var resource: Resource
    /// How far its life has come.
    public var state: State

    /// Makes a value.
    public init(id: Int64, resource: Resource, state: State) {
        self.id = id
        self.resource = resource
        self.state = state
    }
}

/// The one list of what has to be cleaned up: written *before* a resource is made, durable when `intend` returns.
///
/// Undo, `replay gc` and `replay resume` read it. Contract (suite: `ResourceLedgerConformance`):
/// - When `intend` has returned, the entry survives a crash of this process and of the machine.
/// - `confirm` and `gone` may be repeated; `gone` of an unknown entry does nothing.
/// - `entries` answers what is not gone, newest first, so that undoing in its order is right.
/// - Several processes may use one ledger at a time.
public protocol ResourceLedger: Sendable {
    /// Notes that a resource is about to be made.
    func intend(_ resource: Resource) async throws -> LedgerEntry.ID
    /// Notes that it exists now, and its cloud's identifier if that was not known before.
    func confirm(_ id: LedgerEntry.ID, reference: String?) async throws
    /// Notes that it does not exist any more.
    func gone(_ id: LedgerEntry.ID) async throws
    /// What a build has not got rid of yet, newest first.
    func entries(of build: BuildID) async throws -> [LedgerEntry]
}
