internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// Packages, and the settings of their managers.
extension MachineLinter {
    mutating func checkPackages() {
        forEachCommand { linter, entry, command in
            linter.checkRemoval(command, entry)
            linter.checkContainerSettings(command, entry)
            linter.checkManager(command, entry)
        }
    }

    private static let removals: [String: Set<String>] = [
        "apt-get": ["remove", "purge", "autopurge"], "apt": ["remove", "purge", "autopurge"],
        "aptitude": ["remove", "purge"], "dpkg": [], "yum": ["remove", "erase"], "dnf": ["remove", "erase"],
        "microdnf": ["remove"], "zypper": ["remove", "rm"], "rpm": [],
    ]

    private mutating func checkRemoval(_ command: ShellCommand, _ entry: Survey.Entry) {
        guard let verbs = Self.removals[command.name] else { return }
        let verb = command.operands.first?.value ?? ""
        let byOption =
            command.name == "dpkg" && command.has(option: "-r", "-P", "--remove", "--purge")
            || command.name == "rpm" && command.has(option: "-e", "--erase")
        if verbs.contains(verb) || byOption {
            for word in byOption ? command.operands : Array(command.operands.dropFirst())
            where Self.isEssential(word.value) {
                warn(
                    .essentialPackageRemoved, entry, "\(command.name) removes \(word.value), which the machine needs",
                    highlight: word.raw)
            }
        }
        let removesOthers = ["autoremove", "autopurge"].contains(verb)
        guard removesOthers || command.has(option: "--auto-remove", "--autoremove") else { return }
        let word = removesOthers ? command.operands.first : command.arguments.first { $0.value.hasPrefix("--auto") }
        warn(
            .autoremoveOnMachine, entry,
            "\(command.name) \(word?.value ?? verb) removes whatever nothing depends on, of the machine's own too",
            highlight: word?.raw)
    }

    private static let essential: Set = [
        "openssh-server", "openssh-sftp-server", "ssh", "cloud-init", "cloud-guest-utils", "netplan.io", "ifupdown",
        "network-manager", "networkmanager", "systemd", "systemd-sysv", "systemd-resolved", "libpam-systemd", "udev",
        "dbus", "initramfs-tools", "dracut", "sudo", "python3", "python3-minimal", "util-linux", "tar", "login",
        "passwd",
        "libc6", "iproute2", "isc-dhcp-client", "netbase", "init", "glibc", "openssh", "kernel", "bash", "dash",
        "coreutils",
    ]
    private static let essentialPrefixes = ["linux-image", "linux-modules", "grub", "shim", "kernel-", "python3*"]

    /// Whether a package, or a pattern for packages, takes something that boots the machine or lets replay in.
    static func isEssential(_ word: String) -> Bool {
        let name = String(word.lowercased().prefix { $0 != "=" && $0 != ":" && $0 != "/" })
        if essential.contains(name) || essentialPrefixes.contains(where: { name.hasPrefix($0) }) { return true }
        guard let star = name.firstIndex(of: "*"), star != name.startIndex else { return name == "*" }
        let prefix = name[..<star]
        return essential.contains { $0.hasPrefix(prefix) } || essentialPrefixes.contains { $0.hasPrefix(prefix) }
    }

    private static let containerFiles = [
        "/etc/apt/apt.conf.d/docker-", "/etc/dpkg/dpkg.cfg.d/docker", "/etc/dpkg/dpkg.cfg.d/excludes",
        "/usr/sbin/policy-rc.d",
    ]

    private mutating func checkContainerSettings(_ command: ShellCommand, _ entry: Survey.Entry) {
        let candidates = Array(command.arguments) + command.outputs
        for word in candidates {
            guard let file = Self.containerFiles.first(where: { word.value.hasPrefix($0) }) else { continue }
            if command.name == "rm", command.has(option: "-f", "--force"), !file.hasSuffix("policy-rc.d") { continue }
            let message =
                if file.hasSuffix("policy-rc.d") {
                    "\(word.value) is replay's own while the steps run: it keeps packages' services from starting"
                } else if command.name == "rm" {
                    "rm fails: only container images have \(word.value)"
                } else {
                    "only container images have \(word.value)"
                }
            warn(.containerPackageSettings, entry, message, highlight: word.raw)
        }
    }

    /// Which package managers a distribution has.
    private static let managers: [String: Set<String>] = [
        "apt-get": ["debian", "ubuntu"], "apt": ["debian", "ubuntu"], "apk": ["alpine"],
        "yum": ["fedora", "rhel", "rocky", "almalinux", "centos", "amzn", "ol"],
        "dnf": ["fedora", "rhel", "rocky", "almalinux", "centos", "amzn", "ol"], "microdnf": ["rhel", "rocky", "ol"],
        "zypper": ["sles", "opensuse-leap", "opensuse-tumbleweed"], "pacman": ["arch"], "tdnf": ["photon"],
    ]

    private mutating func checkManager(_ command: ShellCommand, _ entry: Survey.Entry) {
        guard let distribution, let owners = Self.managers[command.name], !owners.contains(distribution),
            !command.arguments.isEmpty
        else { return }
        warn(
            .foreignPackageManager, entry, "\(command.name) is not the package manager of \(distribution)",
            highlight: command.words.first?.raw)
    }
}
