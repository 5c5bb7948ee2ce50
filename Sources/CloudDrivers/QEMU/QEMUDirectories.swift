internal import Clouds
internal import FoundationEssentials
internal import SystemCalls
public import SystemPackage

/// Where the driver keeps its files. Nothing outside of these is ever removed.
public struct QEMUDirectories: Sendable, Hashable {
    /// Holds one directory a machine, named as its build: overlay, seed, console, logs. Large files.
    public var machines: FilePath
    /// Holds the machines' control sockets. Its path is short: a Unix socket's has 107 bytes at most.
    public var runtime: FilePath
    /// Holds what is worth remembering: the verdict on hardware acceleration.
    public var cache: FilePath

    /// Makes a value.
    /// - Parameter runtime: nil chooses `replay` below `$XDG_RUNTIME_DIR`, or `/tmp/replay-UID` without one.
    public init(
        machines: FilePath, cache: FilePath, runtime: FilePath? = nil, environment: [String: String]
    ) {
        self.machines = machines.lexicallyNormalized()
        self.cache = cache.lexicallyNormalized()
        self.runtime = (runtime ?? QEMUDirectories.runtime(environment)).lexicallyNormalized()
    }

    private static func runtime(_ environment: [String: String]) -> FilePath {
        if let base = environment["XDG_RUNTIME_DIR"], base.hasPrefix("/"), base.utf8.count < 60,
            FileAccess.canReadAndWrite(FilePath(base))
        {
            return FilePath(base).appending("replay")
        }
        return FilePath("/tmp/replay-\(CurrentUser.identifier)")
    }

    /// Makes the directories, for their owner only.
    /// - Throws: ``CloudError`` when one cannot be made, or is not ours alone: others could swap sockets in it.
    func create() throws {
        let socket = MachinePaths(.random(), in: self).socket
        guard socket.string.utf8.count <= UnixSocket.longestPath else {
            throw CloudError(
                .missingPrerequisite,
                "The directory '\(runtime)' has too long a path for sockets; set XDG_RUNTIME_DIR to a shorter one.")
        }
        for directory in [machines, runtime, cache] {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory.string, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            } catch { throw CloudError(.launchFailed, "The directory '\(directory)' cannot be made.", cause: error) }
        }
        guard let found = try? runtime.stat(followTargetSymlink: false), found.type == .directory,
            found.userID.rawValue == CurrentUser.identifier,
            found.permissions.isDisjoint(with: [.groupWrite, .otherWrite])
        else {
            throw CloudError(
                .launchFailed,
                "The directory '\(runtime)' is not yours alone; remove it, or set XDG_RUNTIME_DIR to one that is.")
        }
    }

    /// Whether something lies below one of the directories that hold machines' files.
    func own(_ path: FilePath) -> Bool {
        let normal = path.lexicallyNormalized()
        return [machines, runtime].contains { normal.starts(with: $0) && normal != $0 }
    }
}

/// Where one machine's files are.
struct MachinePaths: Sendable, Hashable {
    let build: BuildID
    /// Holds everything but the socket.
    let directory: FilePath
    /// QEMU's control socket.
    let socket: FilePath

    init(_ build: BuildID, in directories: QEMUDirectories) {
        self.build = build
        directory = directories.machines.appending(build.text)
        socket = directories.runtime.appending("\(build).qmp")
    }

    /// The machine's disk: what differs from the base.
    var overlay: FilePath { directory.appending("overlay.qcow2") }
    /// What cloud-init reads.
    var seed: FilePath { directory.appending("seed.iso") }
    /// What the guest wrote to its serial port.
    var console: FilePath { directory.appending("console.log") }
    /// What QEMU itself had to say.
    var log: FilePath { directory.appending("qemu.log") }
    /// QEMU's number, written by itself once the machine is set up.
    var pidFile: FilePath { directory.appending("pid") }
    /// How the machine was started, for starting it again.
    var record: FilePath { directory.appending("machine.json") }
    /// How the process ended.
    var end: FilePath { directory.appending("end.json") }

    /// The word of QEMU's arguments that names the machine: what finds the process without its number.
    var word: String { "replay-\(build)" }
}
