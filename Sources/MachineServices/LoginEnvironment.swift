internal import Basemaps
internal import GuestSupervisor

/// ENV for people who log in: a file for `/etc/profile.d`.
enum LoginEnvironment {
    /// The file's text; nil when there is nothing to set.
    ///
    /// PATH keeps what the machine has (directories of administration, for one); only what ENV adds is added, on the
    /// side where ENV has it. Variables that would harm every program of the machine stay with the service.
    static func profile(_ environment: [EnvironmentVariable]) -> String? {
        var lines: [String] = []
        for variable in environment where variable.name != "PATH" && isSafe(variable.name) {
            lines.append("export \(variable.name)=\(ShellText.quoted(variable.value))")
        }
        if let path = environment.last(where: { $0.name == "PATH" }) { lines += pathLines(path.value) }
        guard !lines.isEmpty else { return nil }
        return (["# The ENV of the Dockerfile that this machine was made from."] + lines).joined(separator: "\n") + "\n"
    }

    private static func pathLines(_ path: String) -> [String] {
        let directories = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        let first = directories.prefix { !usualDirectories.contains($0) }
        let last = directories.dropFirst(first.count).filter { !usualDirectories.contains($0) }
        // Nested shells read the file again.
        return first.reversed().map { line($0, "\(ShellText.quoted($0)):$PATH") }
            + last.map { line($0, "$PATH:\(ShellText.quoted($0))") }
    }

    private static func line(_ directory: String, _ value: String) -> String {
        "case :$PATH: in *:\(ShellText.quoted(directory)):*) ;; *) PATH=\(value) ;; esac"
    }

    /// Whether a shell can export the name, and a login session is not harmed by it.
    private static func isSafe(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first), name.utf8.allSatisfy({ isDigit($0) || isLetter($0) }) else {
            return false
        }
        return !kept.contains(name) && !keptPrefixes.contains { name.hasPrefix($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private static let usualDirectories: Set = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ]

    /// What says who, where and on which terminal somebody is, what changes how shells and packages' tools work, and
    /// `container`, which makes systemd's tools believe that they are in one.
    private static let kept: Set = [
        "HOME", "USER", "LOGNAME", "SHELL", "MAIL", "PWD", "OLDPWD", "SHLVL", "HOSTNAME", "TERM", "DISPLAY", "UID",
        "EUID",
        "PPID", "GROUPS", "IFS", "ENV", "CDPATH", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "POSIXLY_CORRECT", "SHELLOPTS",
        "DEBIAN_FRONTEND", "DEBCONF_NONINTERACTIVE_SEEN", "PYTHONHOME", "PYTHONPATH", "PERL5LIB", "GLIBC_TUNABLES",
        "container", "NOTIFY_SOCKET", "_",
    ]
    private static let keptPrefixes = ["LD_", "BASH", "XDG_", "SSH_", "SUDO_", "DBUS_", "SYSTEMD_"]
}
