internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// Fixed numbers of users and groups.
extension MachineLinter {
    mutating func checkIdentifiers() {
        var noted: Set<Int> = []
        for (index, entry) in entries.enumerated() {
            switch entry.action {
            case .run:
                for command in commands[index] {
                    guard let word = Self.identifier(in: command), let number = Int(word.value),
                        let owner = Self.owner(of: number), noted.insert(number).inserted
                    else { continue }
                    let what = command.name.hasPrefix("group") || command.name == "addgroup" ? "group" : "user"
                    warn(
                        .identifierTaken, entry, "\(command.name) gives a \(what) the number \(number), \(owner)",
                        highlight: word.raw)
                }
            case .copy(let copy):
                guard let owner = copy.owner else { continue }
                check(owner, of: "\(copy.keyword) --chown", entry, noted: &noted)
            default:
                guard case .user = entry.instruction else { continue }
                check(entry.user, of: "USER", entry, noted: &noted)
            }
        }
    }

    private mutating func check(_ text: String, of what: String, _ entry: Survey.Entry, noted: inout Set<Int>) {
        for part in text.split(separator: ":") {
            guard let number = Int(part), let owner = Self.owner(of: number), noted.insert(number).inserted else {
                continue
            }
            warn(.identifierTaken, entry, "\(what) names the number \(number), \(owner)", highlight: String(part))
        }
    }

    /// The number that a command fixes.
    private static func identifier(in command: ShellCommand) -> ShellWord? {
        switch command.name {
        case "useradd", "usermod": command.value(of: "--uid", "-u")
        case "adduser": command.value(of: "--uid", "-u")
        case "groupadd", "groupmod": command.value(of: "--gid", "-g")
        case "addgroup": command.value(of: "--gid", "-g")
        default: nil
        }
    }

    /// Whom a number belongs to on a machine; nil for those that are free. login.defs(5), and the Debian policy manual, 9.2.2.
    private static func owner(of number: Int) -> String? {
        switch number {
        case 1...99: "which the distribution gives to one of its own"
        case 100...999: "which the machine's own services take from the top and the bottom (systemd-network, sshd …)"
        case 1000: "which a cloud image gives to its login user"
        case 60_706: "which is replay's own during the build"
        case 61_184...65_519: "which systemd gives to services for the time that they run"
        case 65_534, 65_535: "which stands for nobody"
        default: nil
        }
    }
}
