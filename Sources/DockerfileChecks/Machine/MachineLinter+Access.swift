internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// What would cost the machine its boot or its door.
extension MachineLinter {
    mutating func checkAccess() {
        for entry in entries {
            guard case .copy(let copy) = entry.action else { continue }
            let names = copy.destination.hasSuffix("/") ? copy.sources.map { copy.destination + Self.lastPart($0) } : []
            for path in names + [copy.destination] where Self.isSystemctl(path) {
                warn(
                    .systemctlReplaced, entry, "\(copy.keyword) replaces the machine's systemctl at \(path)",
                    highlight: copy.sources.first)
            }
        }
        forEachCommand { linter, entry, command in
            linter.checkSystemctl(command, entry)
            linter.checkRemovedFiles(command, entry)
            linter.checkDisabledUnits(command, entry)
        }
        for run in runs { checkPowerOff(run) }
    }

    static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func isSystemctl(_ path: String) -> Bool {
        guard lastPart(path) == "systemctl" else { return false }
        return ["/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/", "/usr/local/sbin/"].contains(
            String(path.dropLast("systemctl".count)))
    }

    private mutating func checkSystemctl(_ command: ShellCommand, _ entry: Survey.Entry) {
        var paths = command.writtenPaths
        if ["rm", "dpkg-divert", "chmod", "mv"].contains(command.name) { paths += command.operands }
        for path in paths where Self.isSystemctl(path.value) && command.name != "chmod" {
            warn(
                .systemctlReplaced, entry, "\(command.name) replaces the machine's systemctl at \(path.value)",
                highlight: path.raw)
        }
    }

    /// Directories whose loss ends the machine or the way to it; what is below them counts too.
    private static let vital = [
        "/etc/ssh", "/etc/cloud", "/var/lib/cloud", "/boot", "/lib/modules", "/usr/lib/modules", "/etc/netplan",
        "/etc/network", "/etc/systemd/network", "/etc/sudoers", "/etc/sudoers.d", "/etc/fstab", "/lib/systemd",
        "/usr/lib/systemd", "/etc/passwd", "/etc/shadow",
    ]

    private mutating func checkRemovedFiles(_ command: ShellCommand, _ entry: Survey.Entry) {
        guard command.name == "rm" || command.name == "userdel" || command.name == "deluser" else { return }
        for word in command.operands {
            if command.name == "rm" {
                let path = word.value.hasSuffix("/*") ? String(word.value.dropLast(2)) : word.value
                let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
                // Units that a container image has no use for are commonly removed one by one; keys are made anew.
                guard Self.vital.contains(trimmed), !(trimmed == "/etc/ssh" && word.value.contains("key")) else {
                    continue
                }
                warn(.accessDisabled, entry, "rm takes \(word.value), which the machine needs", highlight: word.raw)
            } else if word.value == "root" {
                warn(.accessDisabled, entry, "\(command.name) removes \(word.value)", highlight: word.raw)
            }
        }
    }

    private static let vitalUnits: Set = [
        "ssh", "sshd", "networking", "systemd-networkd", "NetworkManager", "systemd-resolved", "dbus", "systemd-udevd",
        "cloud-init", "cloud-init-local", "cloud-config", "cloud-final", "multi-user",
    ]

    private mutating func checkDisabledUnits(_ command: ShellCommand, _ entry: Survey.Entry) {
        let operands = command.operands
        guard command.name == "systemctl", let verb = operands.first?.value, ["disable", "mask"].contains(verb)
        else { return }
        for word in operands.dropFirst() {
            let unit = word.value.split(separator: ".").first.map(String.init) ?? word.value
            guard Self.vitalUnits.contains(unit) else { continue }
            warn(
                .accessDisabled, entry, "systemctl \(verb) \(word.value) closes the way to the machine",
                highlight: word.raw)
        }
    }

    /// That a restart stands in the wrong place is the planner's to say.
    private mutating func checkPowerOff(_ run: Run) {
        for command in run.commands where Self.switchesOff(command) {
            warn(
                .rebootNotLast, run.entry, "\(command.name) switches the machine off during the build",
                highlight: command.words.first?.raw)
        }
    }

    private static func switchesOff(_ command: ShellCommand) -> Bool {
        let first = command.operands.first?.value
        switch command.name {
        case "poweroff", "halt": return true
        case "shutdown": return !command.has(option: "-r", "--reboot") && !command.has(option: "-c")
        case "init", "telinit": return first == "0"
        case "systemctl": return first == "poweroff"
        default: return false
        }
    }
}
