public import Basemaps
public import ReplayEvents

/// One cloud, seen by `replay`.
///
/// Contract (suite: `CloudDriverConformance`):
/// - Each verb is idempotent where a repetition can happen: `stop` of a stopped machine, `destroy` of what is gone.
/// - Everything that `launch` and `capture` make is in the ledger before it exists. On an error, what was made stays in the
///   ledger: whoever called undoes it by ``destroy(_:)``.
/// - "Does not exist" is an answer (`.absent`) or a code (`.notFound`), never a text to be parsed.
/// - Verbs do not wait for states: ``Waiter`` does.
/// - What a cloud cannot do throws ``CloudError/Code/unsupported`` from the default implementation.
public protocol CloudDriver: Sendable {
    /// The name on the command line, in basemaps and in the ledger: `qemu`.
    var name: String { get }
    /// What this driver can do.
    var capabilities: CloudCapabilities { get }

    /// Checks what can be checked before anything is made, and throws ``CloudError/Code/missingPrerequisite`` with the fix.
    func preflight() async throws
    /// Makes the base available: finds, downloads, verifies or builds it. Cached by digest; a failure leaves nothing.
    func prepareBase(_ base: ResolvedBase, task: TaskID, events: @escaping EventHandler) async throws -> CloudImage
    /// Makes a machine and starts it.
    func launch(
        _ spec: InstanceSpec, from source: LaunchSource, ledger: any ResourceLedger, events: @escaping EventHandler
    ) async throws -> Instance
    /// Where the guest's SSH server may be reached now; empty while that is not known.
    func addresses(of instance: Instance) async throws -> [GuestAddress]
    /// What the machine is doing.
    func state(of instance: Instance) async throws -> InstanceState
    /// The last bytes that the guest wrote to its console.
    func console(of instance: Instance, last bytes: Int) async throws -> [UInt8]
    /// Starts a stopped machine.
    func start(_ instance: Instance) async throws
    /// Asks the guest to power off, as its power button would (`graceful`), or cuts the power.
    func stop(_ instance: Instance, graceful: Bool) async throws
    /// Resets the machine as its reset button would.
    func reset(_ instance: Instance) async throws
    /// Makes an image of a stopped machine's disk. Whole or not at all.
    func capture(
        _ instance: Instance, as request: CaptureRequest, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage
    /// Gives a captured image the name by which others find it, when it is good. An image that had the name keeps another one.
    func publish(_ image: CloudImage, as request: PublishRequest, ledger: any ResourceLedger) async throws -> CloudImage
    /// Ends what the driver holds at the cloud: sessions, watches. Nothing is thrown: it is called on every way out.
    func close() async
    /// Writes an image's disk into a file of this machine, whose directory exists. Whole or not at all.
    func export(
        _ image: CloudImage, as format: DiskFormat, to destination: String, build: BuildID,
        ledger: any ResourceLedger, task: TaskID, events: @escaping EventHandler
    ) async throws
    /// Makes an image of a disk in a file of this machine. Whole or not at all.
    func importImage(
        _ file: String, as request: CaptureRequest, build: BuildID, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage
    /// Destroys a resource, whether or not it (still) exists.
    func destroy(_ resource: Resource) async throws
    /// What exists in this cloud and belongs to us, whatever the ledger says.
    func inventory() async throws -> [Resource]
}

/// What a driver can do; what is false here throws `.unsupported`.
public struct CloudCapabilities: Sendable, Hashable {
    /// Machines can be captured as images.
    public var capture: Bool
    /// Checkpoints of the disk.
    public var diskCheckpoints: Bool
    /// Checkpoints of disk and memory.
    public var memoryCheckpoints: Bool
    /// Ports of this machine can lead into the guest.
    public var portForwards: Bool
    /// Images are files of this machine, whose disks can be looked into.
    public var localImages = true

    /// Makes a value.
    public init(capture: Bool, diskCheckpoints: Bool, memoryCheckpoints: Bool, portForwards: Bool) {
        self.capture = capture
        self.diskCheckpoints = diskCheckpoints
        self.memoryCheckpoints = memoryCheckpoints
        self.portForwards = portForwards
    }
}

/// What to capture a machine as.
public struct CaptureRequest: Sendable {
    /// Where a local driver writes the image; the directory exists. Other clouds use the name.
    public var destination: String
    /// The template's `name:tag`.
    public var name: String

    /// Makes a request.
    public init(destination: String, name: String) {
        self.destination = destination
        self.name = name
    }
}

/// What a captured image becomes.
public struct PublishRequest: Sendable {
    /// The build that made it.
    public var build: BuildID
    /// The template's name, without its tag.
    public var name: String
    /// The template's tag.
    public var tag: String
    /// The template's labels.
    public var labels: [(name: String, value: String)]

    /// Makes a request.
    public init(build: BuildID, name: String, tag: String, labels: [(name: String, value: String)]) {
        self.build = build
        self.name = name
        self.tag = tag
        self.labels = labels
    }
}

/// A format of disk images that other programs read and write.
public enum DiskFormat: String, Sendable, Hashable, CaseIterable {
    /// QEMU's own, compressed.
    case qcow2
    /// The disk's bytes as they are; holes where the disk is empty.
    case raw
    /// VMware's, in its compressed form for transport.
    case vmdk
}

extension CloudDriver {
    private func unsupported(_ verb: String) -> CloudError {
        CloudError(.unsupported, "The cloud '\(name)' cannot \(verb).")
    }

    /// Throws `.unsupported`.
    public func console(of instance: Instance, last bytes: Int) async throws -> [UInt8] {
        throw unsupported("show a machine's console")
    }
    /// Throws `.unsupported`.
    public func start(_ instance: Instance) async throws { throw unsupported("start a stopped machine") }
    /// Throws `.unsupported`.
    public func reset(_ instance: Instance) async throws { throw unsupported("reset a machine") }
    /// Throws `.unsupported`.
    public func capture(
        _ instance: Instance, as request: CaptureRequest, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage { throw unsupported("capture a machine as a template") }
    /// Answers the image: the templates of local clouds are found by the store.
    public func publish(
        _ image: CloudImage, as request: PublishRequest, ledger: any ResourceLedger
    ) async throws -> CloudImage { image }
    /// Does nothing.
    public func close() async {}
    /// Throws `.unsupported`.
    public func export(
        _ image: CloudImage, as format: DiskFormat, to destination: String, build: BuildID,
        ledger: any ResourceLedger, task: TaskID, events: @escaping EventHandler
    ) async throws { throw unsupported("write an image's disk into a file") }
    /// Throws `.unsupported`.
    public func importImage(
        _ file: String, as request: CaptureRequest, build: BuildID, ledger: any ResourceLedger, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> CloudImage { throw unsupported("make an image of a file") }
    /// Answers nothing.
    public func inventory() async throws -> [Resource] { [] }
}
