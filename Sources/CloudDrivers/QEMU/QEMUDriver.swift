public import Basemaps
public import Clouds
internal import FoundationEssentials
public import ReplayEvents
internal import Synchronization
internal import SystemCalls
public import SystemPackage

/// Machines on this machine: one QEMU each, without a daemon and without root.
///
/// A machine is a directory (overlay, seed, console, logs), a control socket and a process, each in the ledger before it
/// exists. Its network is QEMU's own user-mode one; ports of the loopback interface lead into it.
public final class QEMUDriver: CloudDriver {
    /// How long the driver waits for what should be a matter of moments.
    public struct Patience: Sendable, Hashable {
        /// For QEMU to set a machine up.
        public var setUp: Duration
        /// For the probe of hardware acceleration, which takes a fraction of a second where that works.
        public var probe: Duration
        /// For a guest's first byte on its console, under an acceleration that no guest has yet proven.
        public var firstSign: Duration

        /// Makes a value.
        public init(
            setUp: Duration = .seconds(60), probe: Duration = .seconds(5), firstSign: Duration = .seconds(20)
        ) {
            self.setUp = setUp
            self.probe = probe
            self.firstSign = firstSign
        }
    }

    /// Makes a base available as an image of this driver's.
    public typealias BaseProvider =
        @Sendable (ResolvedBase, TaskID, @escaping EventHandler) async throws -> CloudImage

    /// `qemu`.
    public let name = "qemu"
    /// Everything but checkpoints.
    public let capabilities = CloudCapabilities(
        capture: true, diskCheckpoints: false, memoryCheckpoints: false, portForwards: true)

    let directories: QEMUDirectories
    let searchPath: String
    let patience: Patience
    let chooser: AccelerationChooser
    private let bases: BaseProvider
    private let machines = Mutex<[BuildID: RunningMachine]>([:])

    /// Makes a driver. Nothing is looked at or made before it is used.
    /// - Parameters:
    ///   - directories: Where machines' files are.
    ///   - bases: Makes base images available.
    ///   - environment: Its PATH is searched for QEMU.
    ///   - accelerator: The device of hardware acceleration.
    public init(
        directories: QEMUDirectories, bases: @escaping BaseProvider,
        environment: [String: String], accelerator: FilePath = "/dev/kvm",
        patience: Patience = Patience()
    ) {
        self.directories = directories
        self.bases = bases
        self.patience = patience
        searchPath = environment["PATH"] ?? "/usr/bin:/bin"
        chooser = AccelerationChooser(
            file: directories.cache.appending("acceleration.json"), device: accelerator, patience: patience.probe)
    }

    /// Checks that QEMU is there and that the disk has some room.
    public func preflight() async throws {
        _ = try QEMUTools.locate(searchPath: searchPath)
        try directories.create()
        try checkSpace()
    }

    /// Makes the base available.
    public func prepareBase(
        _ base: ResolvedBase, task: TaskID, events: @escaping EventHandler
    ) async throws -> CloudImage {
        try await bases(base, task, events)
    }

    /// The loopback port that leads to the guest's SSH server.
    public func addresses(of instance: Instance) async throws -> [GuestAddress] {
        try forwards(of: instance).prefix(1).map { GuestAddress(host: $0.hostAddress, port: $0.hostPort) }
    }

    /// The ports of this machine that lead into the guest, the one to SSH first; empty while it does not run.
    public func forwards(of instance: Instance) throws -> [PortForward] {
        let paths = try paths(of: instance)
        guard findProcess(paths) != nil, let record = MachineRecord(paths) else { return [] }
        return record.forwards.map {
            PortForward(hostAddress: $0.hostAddress, hostPort: $0.hostPort, guestPort: $0.guestPort)
        }
    }

    /// What the machine does, by QEMU's own word while there is one.
    public func state(of instance: Instance) async throws -> InstanceState {
        guard let paths = existingPaths(of: instance) else { return .absent }
        if let machine = machines.withLock({ $0[paths.build] }) {
            return machine.process.isRunning
                ? await runningState(machine.process.qmp) : await machine.end.value.state
        }
        if findProcess(paths) != nil {
            let client = try? await QMPClient.connect(to: paths.socket, patience: .seconds(2))
            defer { client?.close() }
            return await runningState(client)
        }
        if let bytes = try? SmallFile.read(paths.end),
            let end = try? JSONDecoder().decode(MachineEnd.self, from: Data(bytes))
        {
            return end.state
        }
        if let end = MachineEnd(readingFrom: paths.log) { return end.state }
        return .failed("QEMU is gone, and nobody saw how it ended.")
    }

    /// The last bytes of what the guest wrote to its serial port.
    public func console(of instance: Instance, last bytes: Int) async throws -> [UInt8] {
        (try? SmallFile.readEnd(of: try paths(of: instance).console, last: bytes)) ?? []
    }

    private func runningState(_ client: QMPClient?) async -> InstanceState {
        // Without an answer: another replay speaks with it, or it is on its way up or down.
        guard let client, let answer = try? await client.execute("query-status", patience: .seconds(5)) else {
            return client == nil ? .starting : .running
        }
        return switch answer["status"]?.text {
        case "running", "paused", "shutdown", "debug", "suspended": .running
        case "prelaunch", "inmigrate", "restore-vm": .starting
        case "io-error": .failed("The disk of this machine is full, or fails: the guest cannot write.")
        case "internal-error": .failed("The guest cannot go on: hardware acceleration failed.")
        case "guest-panicked": .failed("The guest's kernel panicked.")
        case let other: .failed("QEMU says '\(other ?? "nothing")'.")
        }
    }

    // MARK: Machines

    /// The files of a machine that exists.
    func paths(of instance: Instance) throws -> MachinePaths {
        guard let paths = existingPaths(of: instance) else {
            throw CloudError(.notFound, "There is no machine '\(instance.reference)'.")
        }
        return paths
    }

    private func existingPaths(of instance: Instance) -> MachinePaths? {
        guard let build = BuildID(instance.reference) else { return nil }
        let paths = MachinePaths(build, in: directories)
        return (try? paths.directory.stat().type) == .directory ? paths : nil
    }

    /// The machine's process, whoever started it.
    func findProcess(_ paths: MachinePaths) -> ProcessIdentity? {
        if let machine = machine(of: paths.build), machine.process.isRunning { return machine.process.identity }
        return ProcessTable.processes(withArgument: paths.word).first { $0.isMachine(paths) }
    }

    /// The process that this driver started for a machine, running or not.
    func machine(of build: BuildID) -> RunningMachine? { machines.withLock { $0[build] } }

    /// Keeps a process and notes its end in the machine's directory.
    func keep(_ process: MachineProcess, _ paths: MachinePaths) {
        let end = Task.detached {
            let end = await process.waitForEnd(paths)
            if let bytes = try? JSONEncoder().encode(end) { try? AtomicFile.write(bytes, to: paths.end) }
            return end
        }
        machines.withLock { $0[paths.build] = RunningMachine(process: process, end: end) }
    }

    /// Forgets a machine that is gone.
    func forget(_ build: BuildID) {
        _ = machines.withLock { $0.removeValue(forKey: build) }
    }

    /// - Throws: `.noSpace` when the disk is almost full.
    func checkSpace() throws {
        let available = (try? FileSystemSpace.available(at: directories.machines)) ?? .max
        guard available >= 1 << 30 else {
            throw CloudError(
                .noSpace,
                "Only \(available >> 20) MiB are free for machines in '\(directories.machines)': make room for 1 GiB.")
        }
    }
}

/// A process that this driver started, and its end, which is the machine's own once it is noted in its directory.
struct RunningMachine: Sendable {
    let process: MachineProcess
    let end: Task<MachineEnd, Never>
}

extension ProcessIdentity {
    /// Whether this is the QEMU of a machine: its name, and files in our directories.
    func isMachine(_ paths: MachinePaths) -> Bool {
        let words = arguments
        return words.contains(paths.word) && words.contains(paths.pidFile.string)
    }
}
