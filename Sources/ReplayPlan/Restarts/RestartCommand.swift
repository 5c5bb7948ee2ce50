/// Commands that restart the machine, in what a RUN executes.
///
/// A step cannot restart the machine itself: it would be ended in the middle of it, and nobody could tell that from a
/// failure. So the command is taken out of the text, and the machine is restarted once the rest has succeeded.
enum RestartCommand {
    /// What a RUN's arguments say about restarts.
    enum Finding: Hashable {
        /// Nothing.
        case none
        /// The last command restarts; these arguments are the rest.
        case last(rest: [String])
        /// A restart stands where it cannot be done: the command, and why.
        case misplaced(String, why: String)
    }

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "ksh", "zsh"]

    /// Looks at an argument vector: a command of its own, or a shell with a text.
    static func find(in arguments: [String]) -> Finding {
        guard arguments.count >= 2, let shell = arguments.first, shells.contains(name(shell)),
            let option = arguments.dropLast().last, option.hasPrefix("-"), option.hasSuffix("c"),
            let text = arguments.last
        else {
            guard isRestart(arguments) else { return .none }
            return delay(of: arguments).map { .misplaced(arguments.joined(separator: " "), why: $0) }
                ?? .last(rest: ["/bin/sh", "-c", ""])
        }
        let commands = ShellCommands.all(in: text)
        guard let first = commands.firstIndex(where: { isRestart($0.words) }) else { return .none }
        let command = commands[first]
        let shown = command.words.joined(separator: " ")
        if let why = delay(of: command.words) { return .misplaced(shown, why: why) }
        guard first == commands.count - 1, !command.isNested, ["", "&&", ";", "\n"].contains(command.before),
            ["", ";", "\n"].contains(command.after)
        else { return .misplaced(shown, why: "it is not the last command, behind '&&', ';' or a newline") }
        let bytes = Array(text.utf8)
        let end = command.after == ";" ? command.range.upperBound + 1 : command.range.upperBound
        let tail = bytes[command.range.upperBound...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        let rest = bytes[..<command.beforeStart] + (command.after == ";" ? tail.dropFirst() : bytes[end...])
        return .last(rest: arguments.dropLast() + [String(decoding: rest, as: UTF8.self)])
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func plain(_ words: [String]) -> ArraySlice<String> {
        words.drop { ["sudo", "exec", "-n"].contains($0) }
    }

    private static func isRestart(_ words: [String]) -> Bool {
        let words = plain(words)
        let arguments = words.dropFirst()
        switch words.first.map(name) {
        case "reboot": return !arguments.contains { ["--help", "-w", "--wtmp-only", "--halt", "-p"].contains($0) }
        case "shutdown":
            return arguments.contains {
                $0 == "--reboot" || $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("r")
            }
        case "systemctl": return arguments.first { !$0.hasPrefix("-") } == "reboot"
        case "init", "telinit": return arguments.first == "6"
        default: return false
        }
    }

    private static func delay(of words: [String]) -> String? {
        let words = plain(words)
        guard words.first.map(name) == "shutdown", let time = words.dropFirst().first(where: { !$0.hasPrefix("-") }),
            !["now", "+0"].contains(time)
        else { return nil }
        return "it is for later ('\(time)'): write now"
    }
}
