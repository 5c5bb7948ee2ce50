/// Whether a RUN restarts the machine.
///
/// In a container `reboot` does nothing that anybody wants; on a machine it is how a new kernel comes to run. The command is
/// taken out of the RUN, which must succeed without it, and becomes a step of its own, so that a restart and a failure
/// cannot be mistaken for each other.
enum RestartCommand: Equatable {
    /// It does not.
    case none
    /// That is all it does.
    case alone
    /// By its last command; the arguments are those without it.
    case last([String])
    /// Somewhere else, by this command.
    case elsewhere(String)

    /// Looks at a RUN's argument vector: the shell form's of a POSIX shell, or the command itself.
    static func find(in arguments: [String]) -> RestartCommand {
        if isRestart(arguments) { return .alone }
        let shells = ["sh", "bash", "dash", "ash", "ksh"]
        guard arguments.count >= 3, let shell = arguments[0].split(separator: "/").last, shells.contains(String(shell)),
            arguments[arguments.count - 2].hasPrefix("-"), arguments[arguments.count - 2].hasSuffix("c")
        else { return .none }
        let text = arguments[arguments.count - 1]
        let commands = ShellCommands.split(text)
        guard let first = commands.firstIndex(where: { isRestart($0.words) }) else { return .none }
        let command = commands[first]
        let rest = text[..<command.start]
        guard first == commands.count - 1, !command.isNested, text[command.end...].allSatisfy({ " \t\n;".contains($0) })
        else { return .elsewhere(command.words.joined(separator: " ")) }
        if first == 0 { return .alone }
        for separator in ["&&", ";", "\n"] {
            let body = rest.trimmingSuffix { $0 == " " || $0 == "\t" }
            guard body.hasSuffix(separator), !body.hasSuffix(";;") else { continue }
            return .last(arguments.dropLast() + [String(body.dropLast(separator.count))])
        }
        return .elsewhere(command.words.joined(separator: " "))
    }

    private static func isRestart(_ words: [String]) -> Bool {
        var words = words[...]
        while let first = words.first, first == "sudo" || first == "exec" { words = words.dropFirst() }
        guard let program = words.first?.split(separator: "/").last else { return false }
        let options = words.dropFirst()
        return switch program {
        case "reboot": options.allSatisfy { ["-f", "--force", "now", "-h"].contains($0) }
        case "shutdown": options.contains("-r") || options.contains("--reboot")
        case "systemctl": options.contains("reboot") || options.contains("kexec")
        case "init", "telinit": Array(options) == ["6"]
        default: false
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
