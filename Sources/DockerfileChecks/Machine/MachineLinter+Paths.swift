internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// Where files are put.
extension MachineLinter {
    mutating func checkPaths() {
        for (index, entry) in entries.enumerated() {
            switch entry.action {
            case .copy(let copy):
                check(copy, at: index)
            case .makeDirectory(let directory):
                noteVanishing(directory.path, by: "WORKDIR", entry, highlight: nil, laterThan: nil)
            case .run: check(commands[index], of: entry)
            case .none:
                guard case .volume(let volume) = entry.instruction else { continue }
                for path in entry.volumes {
                    noteVanishing(path, by: "VOLUME", entry, highlight: volume.paths.first, laterThan: nil)
                }
            }
        }
    }

    private mutating func check(_ copy: Survey.Copy, at index: Int) {
        let entry = entries[index]
        noteVanishing(
            copy.destination, by: copy.keyword, entry, highlight: copy.destination, laterThan: index)
        let files =
            copy.destination.hasSuffix("/")
            ? copy.sources.map { copy.destination + Self.lastPart($0) } : [copy.destination]
        for file in files { noteReplaced(file, by: copy.keyword, entry, highlight: file) }
        let plain = copy.destination == "/" && !copy.isFromElsewhere
        if plain, copy.sources.contains(where: { !$0.hasPrefix("<<") && !Self.lastPart($0).contains(".") }) {
            warn(
                .machineFileReplaced, entry,
                "\(copy.keyword) puts whole directories over the machine's root, whatever they replace there",
                highlight: copy.sources.first)
        }
    }

    private mutating func check(_ commands: [ShellCommand], of entry: Survey.Entry) {
        let removed = commands.filter { $0.name == "rm" || $0.name == "rmdir" }.flatMap { $0.operands.map(\.value) }
            .prefix(Self.lookAhead)
        for command in commands {
            for word in command.writtenPaths {
                let path = word.value
                if Self.isMemory(path), !removed.contains(where: { path.hasPrefix($0.trimmedOfWildcards) }) {
                    noteVanishing(path, by: command.name, entry, highlight: word.raw, laterThan: nil)
                }
                noteReplaced(path, by: command.name, entry, highlight: word.raw)
            }
        }
    }

    private static func isBelow(_ path: String, _ directory: String) -> Bool {
        path == directory || path.hasPrefix(directory + "/")
    }

    /// File systems in memory: file-hierarchy(7).
    private static func isMemory(_ path: String) -> Bool {
        ["/run", "/var/run", "/var/lock", "/dev/shm"].contains { isBelow(path, $0) }
    }

    /// What later commands of the build use is put where it serves, and may vanish then.
    private mutating func noteVanishing(
        _ path: String, by what: String, _ entry: Survey.Entry, highlight: String?, laterThan index: Int?
    ) {
        let isTemporary = ["/tmp", "/var/tmp"].contains { Self.isBelow(path, $0) }
        guard isTemporary || Self.isMemory(path) else { return }
        if let index, isUsed(path, after: index) { return }
        let why = isTemporary ? "is emptied before the machine is captured" : "is in memory, and empty after each boot"
        let place =
            "/"
            + path.split(separator: "/").prefix(path.hasPrefix("/var/") || path.hasPrefix("/dev/") ? 2 : 1)
            .joined(separator: "/")
        warn(.vanishingPath, entry, "\(what) puts something at \(path), but \(place) \(why)", highlight: highlight)
    }

    /// How many instructions after a COPY may use what it puts somewhere, and how many files that a RUN removes are noted.
    private static let lookAhead = 200

    /// Whether a RUN after an entry speaks of a path, or of a directory above it.
    private func isUsed(_ path: String, after index: Int) -> Bool {
        let parts = path.split(separator: "/")
        let directory = parts.count > 1 && !path.hasSuffix("/") ? parts.dropLast() : parts[...]
        let needles = [path, "/" + directory.joined(separator: "/")]
        return entries[(index + 1)...].prefix(Self.lookAhead).contains { entry in
            guard case .run(let action) = entry.action else { return false }
            if needles.contains(where: { Self.isBelow(action.workingDirectory, $0) }) { return true }
            let text = action.arguments.joined(separator: " ") + action.scripts.map(\.content).joined()
            return needles.contains { text.contains($0) }
        }
    }

    private static let network = ["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"]
    private static let kept: Set = [
        "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/fstab", "/etc/sudoers",
        "/etc/ssh/sshd_config",
        "/etc/network/interfaces", "/etc/cloud/cloud.cfg", "/etc/machine-id", "/etc/default/grub", "/etc/crypttab",
        "/etc/pam.d/sshd", "/etc/pam.d/common-auth", "/etc/nsswitch.conf",
    ]

    private mutating func noteReplaced(_ path: String, by what: String, _ entry: Survey.Entry, highlight: String) {
        if Self.network.contains(path) {
            warn(
                .networkFileWritten, entry,
                "\(what) writes \(path), which is the machine's own and differs from copy to copy",
                highlight: highlight)
        } else if what == "sed" || what == "perl" {
            // An edit keeps what it does not name.
            return
        } else if Self.kept.contains(path)
            || ["/boot", "/lib/modules", "/usr/lib/modules", "/etc/netplan"].contains(where: {
                Self.isBelow(path, $0)
            })
        {
            warn(
                .machineFileReplaced, entry, "\(what) writes \(path), which the machine needs to boot or to let you in",
                highlight: highlight)
        }
    }
}

extension String {
    /// Without `/*` or `*` at the end.
    fileprivate var trimmedOfWildcards: String {
        var text = self[...]
        while text.hasSuffix("*") || text.count > 1 && text.hasSuffix("/") { text = text.dropLast() }
        return text.isEmpty ? "/" : String(text)
    }
}
