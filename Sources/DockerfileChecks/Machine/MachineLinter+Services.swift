internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// Services that are started in a RUN.
extension MachineLinter {
    mutating func checkServices() {
        for run in runs {
            let idle: Set = ["true", ":", "exit", "echo", "sleep"]
            let last = run.commands.lastIndex { !idle.contains($0.name) } ?? 0
            for (index, command) in run.commands.enumerated() {
                checkStart(command, isLast: index >= last, run.entry)
            }
        }
    }

    private mutating func checkStart(_ command: ShellCommand, isLast: Bool, _ entry: Survey.Entry) {
        let operands = command.operands.map(\.value)
        let word = command.words.first?.raw
        if command.name == "systemctl", let verb = operands.first {
            let starts: Set = [
                "start", "restart", "reload", "try-restart", "reload-or-restart", "status", "is-active", "stop",
            ]
            if starts.contains(verb) || command.has(option: "--now") {
                warn(
                    .serviceStartedByHand, entry,
                    "systemctl \(verb)\(command.has(option: "--now") ? " --now" : "") asks for a running systemd, which a RUN does not see",
                    highlight: command.operands.first?.raw)
            }
            return
        }
        let isScript = command.words.first?.value.hasPrefix("/etc/init.d/") == true
        let verb = command.name == "service" ? operands.dropFirst().first : isScript ? operands.first : nil
        if let verb, ["start", "restart"].contains(verb), isLast {
            let name = isScript ? command.name : operands.first ?? ""
            warn(.serviceStartedByHand, entry, "\(name) is started and ends with this RUN", highlight: word)
        } else if command.separator == .background, isLast {
            warn(
                .serviceStartedByHand, entry, "\(command.name) is put into the background and ends with this RUN",
                highlight: word)
        }
    }
}
