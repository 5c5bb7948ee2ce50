internal import Archives
public import Clouds
internal import Foundation
public import ReplayEvents
internal import SystemCalls
internal import SystemPackage

extension QEMUDriver {
    /// Makes a machine over an image and starts it. It answers when QEMU runs, not when the guest is up.
    public func launch(
        _ spec: InstanceSpec, from source: LaunchSource, ledger: any ResourceLedger, events: @escaping EventHandler
    ) async throws -> Instance {
        guard case .image(let image) = source else {
            throw CloudError(.unsupported, "The cloud 'qemu' cannot start a machine from a checkpoint.")
        }
        try check(spec)
        let tools = try QEMUTools.locate(searchPath: searchPath)
        let disk = try await DiskImage.inspect(FilePath(image.reference), with: tools)
        try directories.create()
        try checkSpace()

        let paths = MachinePaths(spec.build, in: directories)
        try await makeFiles(paths, spec, ledger)
        let verdict = try await chooser.choose(tools, events: events)
        do {
            try await boot(paths, spec, disk, verdict.acceleration, tools, ledger)
            if verdict.acceleration == .kvm, !verdict.isProven {
                try await waitForSignOfLife(paths)
                try await chooser.prove(tools)
            }
        } catch let error as CloudError where verdict.acceleration == .kvm && error.code == .launchFailed {
            // Only what would fail under emulation too is an error.
            try await end(paths)
            try await boot(paths, spec, disk, .tcg, tools, ledger)
            try await chooser.refute(tools, reason: error.message, events: events)
        }
        return Instance(build: spec.build, reference: spec.build.text, start: .booted)
    }

    /// Starts a machine that has powered off. It is reached by another port then.
    public func start(_ instance: Instance) async throws {
        let paths = try paths(of: instance)
        guard findProcess(paths) == nil else { return }
        guard let record = MachineRecord(paths) else {
            throw CloudError(.notFound, "The machine '\(instance.reference)' was never set up.")
        }
        // The ledger's entry of the first process names the machine's word, by which this one is found as well.
        let tools = try QEMUTools.locate(searchPath: searchPath)
        try await run(paths, record.arguments, tools) { _ in }
    }

    private func check(_ spec: InstanceSpec) throws {
        guard spec.cpus > 0, spec.memoryMiB > 0 else {
            throw CloudError(.launchFailed, "A machine needs at least one processor and some memory.")
        }
        for forward in spec.forwards {
            let isAddress =
                forward.hostAddress.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
                .filter { $0 != nil }.count == 4
            guard isAddress, (0...65535).contains(forward.hostPort), (1...65535).contains(forward.guestPort) else {
                throw CloudError(
                    .launchFailed,
                    "'\(forward.hostAddress):\(forward.hostPort):\(forward.guestPort)' is no IPv4 address and two ports."
                )
            }
        }
        if let available = HostMemory.availableMiB(), available < spec.memoryMiB {
            throw CloudError(
                .noSpace,
                "The machine needs \(spec.memoryMiB) MiB of memory and \(available) MiB are free: choose less by --memory."
            )
        }
    }

    private func makeFiles(_ paths: MachinePaths, _ spec: InstanceSpec, _ ledger: any ResourceLedger) async throws {
        let directory = try await ledger.intend(
            Resource(cloud: name, kind: .directory, build: spec.build, token: paths.directory.string))
        do {
            try FileManager.default.createDirectory(
                atPath: paths.directory.string, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
            try await ledger.confirm(directory, reference: nil)
            try ISOImage.write(
                files: [
                    "user-data": Array(spec.seed.userData.utf8), "meta-data": Array(spec.seed.metaData.utf8),
                ], volume: "cidata", to: paths.seed)
        } catch let error as CloudError {
            throw error
        } catch let error where error.isForLackOfSpace {
            throw CloudError(.noSpace, "There is no room for the machine in '\(paths.directory)'.", cause: error)
        } catch let error where !(error is CancellationError) {
            throw CloudError(.launchFailed, "The machine's files in '\(paths.directory)' cannot be made.", cause: error)
        }
        let socket = try await ledger.intend(
            Resource(cloud: name, kind: .file, build: spec.build, token: paths.socket.string))
        try await ledger.confirm(socket, reference: nil)
    }

    private func boot(
        _ paths: MachinePaths, _ spec: InstanceSpec, _ disk: DiskImage, _ acceleration: Acceleration,
        _ tools: QEMUTools, _ ledger: any ResourceLedger
    ) async throws {
        // A second attempt starts from the base too.
        for path in [paths.overlay, paths.console] { try? FileManager.default.removeItem(atPath: path.string) }
        try await disk.overlay(at: paths.overlay, gigabytes: spec.diskGiB, with: tools)
        let entry = try await ledger.intend(
            Resource(cloud: name, kind: .process, build: spec.build, token: paths.word))
        try await run(paths, MachineArguments(spec, acceleration: acceleration), tools) { identity in
            try await ledger.confirm(entry, reference: identity.description)
        }
    }

    /// Starts QEMU and waits until the machine is set up.
    private func run(
        _ paths: MachinePaths, _ arguments: MachineArguments, _ tools: QEMUTools,
        started: (ProcessIdentity) async throws -> Void
    ) async throws {
        try? FileManager.default.removeItem(atPath: paths.end.string)
        let process = try await MachineProcess.start(tools.emulator, arguments.words(paths), log: paths.log)
        keep(process, paths)
        do {
            try await started(process.identity)
            let client = try await process.connect(paths, within: patience.setUp)
            let table = try await client.monitor("info usernet")
            guard let forwards = MachineRecord.forwards(arguments.forwards, in: table) else {
                throw CloudError(.launchFailed, "QEMU did not open the ports into the guest: \(table)")
            }
            try MachineRecord(arguments: arguments, forwards: forwards).write(paths)
            try await client.execute("cont")
        } catch let error as CloudError {
            throw explained(error, arguments)
        }
    }

    /// A sentence for a person, where QEMU's own is known.
    private func explained(_ error: CloudError, _ arguments: MachineArguments) -> CloudError {
        // net/slirp.c: "Could not set up host forwarding rule 'tcp:127.0.0.1:80-:80'"
        guard error.message.contains("host forwarding rule") else {
            return error.message.contains("No space left on device") || error.message.contains("Cannot allocate memory")
                ? CloudError(.noSpace, error.message) : error
        }
        let taken = arguments.forwards.filter { $0.hostPort != 0 }.map { "\($0.hostAddress):\($0.hostPort)" }
        return CloudError(
            .missingPrerequisite,
            "A port cannot be listened on, because another program does or it is below 1024: "
                + taken.joined(separator: ", "), cause: error)
    }

    private func waitForSignOfLife(_ paths: MachinePaths) async throws {
        let instance = Instance(build: paths.build, reference: paths.build.text, start: .booted)
        do {
            _ = try await Waiter(firstPause: .milliseconds(50), longestPause: .milliseconds(200)).wait(
                for: "the guest's first sign of life", within: patience.firstSign
            ) { () async throws -> Bool? in
                if let size = try? paths.console.stat().size, size > 0 { return true }
                switch try await self.state(of: instance) {
                case .failed(let reason): throw CloudError(.launchFailed, "a guest fails under it: \(reason)")
                case .stopped, .absent: throw CloudError(.launchFailed, "a guest ended under it without a word")
                case .starting, .running: return nil
                }
            }
        } catch let error as CloudError where error.code == .timedOut {
            throw CloudError(.launchFailed, "a guest shows no sign of life under it")
        }
    }
}

extension Error {
    /// Whether a disk was full.
    var isForLackOfSpace: Bool {
        switch self {
        case let error as SystemCallError: error.code == .noSpace || error.code == .diskQuotaExceeded
        case let error as Errno: error == .noSpace || error == .diskQuotaExceeded
        case let error as CocoaError: error.code == .fileWriteOutOfSpace
        default: "\(self)".contains("No space left on device")
        }
    }
}
