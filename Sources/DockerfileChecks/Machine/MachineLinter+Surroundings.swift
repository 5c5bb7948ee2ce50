internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// What a step believes about its surroundings: a container, a kernel that is nobody else's, an output that is a pipe.
extension MachineLinter {
    mutating func checkSurroundings() {
        forEachCommand { linter, entry, command in
            linter.checkProbe(command, entry)
            linter.checkKernel(command, entry)
            if command.name == "ln", let word = command.operands.first(where: { Self.isOutput($0.value) }) {
                linter.warn(
                    .outputDeviceOpened, entry, "a log is linked to \(word.value), which a service cannot open",
                    highlight: word.raw)
            }
        }
        for entry in entries {
            guard let vector = Self.command(of: entry) else { continue }
            for word in vector.arguments {
                guard let device = ["/dev/stdout", "/dev/stderr"].first(where: { word.contains($0) }),
                    !word.contains(">\(device)"), !word.contains("> \(device)")
                else { continue }
                warn(
                    .outputDeviceOpened, entry, "\(vector.keyword) names \(device), which a service cannot open",
                    highlight: device)
            }
        }
    }

    private static func isOutput(_ path: String) -> Bool {
        ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/proc/self/fd/2", "/proc/1/fd/1", "/proc/1/fd/2"].contains(
            path)
    }

    private static func command(of entry: Survey.Entry) -> (keyword: String, arguments: [String])? {
        switch entry.instruction {
        case .cmd: ("CMD", entry.arguments)
        case .entrypoint: ("ENTRYPOINT", entry.arguments)
        default: nil
        }
    }

    private mutating func checkProbe(_ command: ShellCommand, _ entry: Survey.Entry) {
        let files = ["/.dockerenv", "/run/.containerenv", "/proc/1/cgroup", "/proc/self/cgroup"]
        for word in command.words {
            guard let file = files.first(where: { word.value.hasSuffix($0) }) else { continue }
            warn(
                .containerProbe, entry, "\(command.name) looks at \(file) to find out whether this is a container",
                highlight: word.raw)
        }
        if ["systemd-detect-virt", "ischroot", "virt-what"].contains(command.name) {
            warn(
                .containerProbe, entry, "\(command.name) is asked whether this is a container",
                highlight: command.words.first?.raw)
        }
    }

    private mutating func checkKernel(_ command: ShellCommand, _ entry: Survey.Entry) {
        let operands = command.operands.map(\.value)
        let changes: Bool =
            switch command.name {
            case "sysctl":
                command.has(option: "-w", "-p", "--write", "--load", "--system")
                    || operands.contains { $0.contains("=") }
            case "modprobe", "insmod", "rmmod", "depmod": command.name != "depmod"
            case "mount": !operands.isEmpty
            case "umount", "swapoff", "swapon": true
            case "hostname": !operands.isEmpty
            case "hostnamectl": operands.first?.hasPrefix("set-") == true
            case "iptables", "ip6tables", "nft", "ebtables", "ipset":
                !command.has(option: "-L", "-S", "-V", "--version")
            case "date": command.has(option: "-s", "--set")
            case "ip":
                ["link", "addr", "address", "route", "rule"].contains(operands.first ?? "")
                    && operands.contains { ["add", "del", "set", "replace"].contains($0) }
            default: false
            }
        if changes {
            warn(
                .kernelStateChanged, entry,
                "\(command.name) changes the running machine, but nothing of the copies that boot later",
                highlight: command.words.first?.raw)
        }
        for word in command.outputs where word.value.hasPrefix("/proc/sys/") || word.value.hasPrefix("/sys/") {
            warn(
                .kernelStateChanged, entry,
                "\(word.value) is the running kernel's: copies that boot later do not have it",
                highlight: word.raw)
        }
    }
}
