internal import Clouds
internal import SystemCalls
public import SystemPackage

/// Looks at what this machine has and lacks for running machines on it: `replay doctor`.
public struct QEMUDoctor: Sendable {
    /// One thing that was looked at.
    public struct Finding: Sendable, Hashable, Codable {
        /// How it is.
        public enum Status: String, Sendable, Hashable, Codable {
            /// As it should be.
            case ok
            /// It works, but not well, or not for everything.
            case warn
            /// It is not there, and is needed.
            case missing
        }

        /// What was looked at.
        public var name: String
        /// How it is.
        public var status: Status
        /// What was found.
        public var detail: String
        /// What to do; nil when there is nothing to do.
        public var fix: String?

        /// Makes a finding.
        public init(name: String, status: Status, detail: String, fix: String? = nil) {
            self.name = name
            self.status = status
            self.detail = detail
            self.fix = fix
        }
    }

    private let directories: QEMUDirectories
    private let searchPath: String
    private let accelerator: FilePath

    /// Makes a doctor for a driver with the same parameters.
    public init(directories: QEMUDirectories, environment: [String: String], accelerator: FilePath = "/dev/kvm") {
        self.directories = directories
        self.accelerator = accelerator
        searchPath = environment["PATH"] ?? "/usr/bin:/bin"
    }

    /// Looks at everything. Acceleration is tried anew, whatever is remembered of it.
    public func examine() async -> [Finding] {
        var findings: [Finding] = []
        do {
            let tools = try QEMUTools.locate(searchPath: searchPath)
            findings.append(
                Finding(name: "qemu", status: .ok, detail: "QEMU \(try await tools.version()) at \(tools.emulator)"))
            findings.append(await acceleration(tools))
        } catch {
            findings.append(
                Finding(
                    name: "qemu", status: .missing, detail: (error as? CloudError)?.message ?? "\(error)",
                    fix: "sudo apt-get install qemu-system-x86 qemu-utils"))
        }
        findings.append(disk())
        findings.append(memory())
        findings += recipe()
        return findings
    }

    private func acceleration(_ tools: QEMUTools) async -> Finding {
        let name = "acceleration"
        do {
            try directories.create()
            let file = directories.cache.appending("acceleration.json")
            let verdict = try await AccelerationChooser(file: file, device: accelerator).examine(tools)
            switch verdict.acceleration {
            case .kvm: return Finding(name: name, status: .ok, detail: "\(accelerator) runs guests")
            case .tcg:
                return Finding(
                    name: name, status: .warn, detail: "machines are emulated: \(verdict.reason)",
                    fix:
                        "use a machine whose \(accelerator) runs guests, or accept that booting takes about half a minute"
                )
            }
        } catch {
            return Finding(name: name, status: .warn, detail: "could not be tried: \(error)")
        }
    }

    private func disk() -> Finding {
        // The directory may not exist yet: what counts is the file system that will hold it.
        var path = directories.machines
        while (try? path.stat()) == nil, !path.isEmpty, path != "/" { path.removeLastComponent() }
        guard let bytes = try? FileSystemSpace.available(at: path) else {
            return Finding(name: "disk", status: .warn, detail: "the space at \(path) is not known")
        }
        let detail = "\(bytes >> 30) GiB free at \(path)"
        let fix = "free some space, or set REPLAY_HOME to a directory on a larger disk"
        if bytes < 2 << 30 { return Finding(name: "disk", status: .missing, detail: detail, fix: fix) }
        return bytes < 10 << 30
            ? Finding(name: "disk", status: .warn, detail: detail, fix: fix)
            : Finding(name: "disk", status: .ok, detail: detail)
    }

    private func memory() -> Finding {
        guard let available = HostMemory.availableMiB() else {
            return Finding(name: "memory", status: .warn, detail: "not known")
        }
        let detail = "\(available) MiB available"
        return available >= 2048
            ? Finding(name: "memory", status: .ok, detail: detail)
            : Finding(
                name: "memory", status: .warn, detail: detail,
                fix: "end other programs, or give machines less by --memory")
    }

    /// The recipe needs these; with a published image they can be missing.
    private func recipe() -> [Finding] {
        [("mmdebstrap", "mmdebstrap"), ("extlinux", "extlinux"), ("mkfs.ext4", "e2fsprogs")].map { name, package in
            let path = QEMUTools.locate(name, searchPath: searchPath + ":/usr/sbin:/sbin")
            return path.map { Finding(name: name, status: .ok, detail: "\($0)") }
                ?? Finding(
                    name: name, status: .warn, detail: "missing: images cannot be built by recipe, only downloaded",
                    fix: "sudo apt-get install \(package)")
        }
    }
}
