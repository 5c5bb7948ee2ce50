internal import Basemaps
internal import DockerfileChecks
internal import DockerfileLanguage
internal import MachineServices
internal import ReplayPlan

extension Explainer {
    typealias Line = Explanation.Line

    func line(
        _ syntax: InstructionSyntax, stage: String, _ kind: Explanation.Kind, step: Int? = nil, _ effect: String,
        _ differences: [String] = [], text: String? = nil
    ) -> Line {
        Line(
            firstLine: syntax.lines.first, lastLine: syntax.lines.last, stage: stage,
            text: mask.masked(text ?? syntax.text, line: syntax.lines.first), kind: kind, step: step,
            effect: mask.masked(effect, line: syntax.lines.first),
            differences: differences, findings: [])
    }

    // MARK: Stages

    func globalArgument(_ argument: ArgInstruction) -> Line {
        line(argument.syntax, stage: "", .setting, "known to the FROM lines only")
    }

    func from(_ stage: Stage) -> Line {
        let name = stageNames[stage.index]
        let syntax = stage.from.syntax
        guard survey.chain.contains(stage.index) else {
            let isNeeded = survey.needed.contains(stage.index)
            return line(
                syntax, stage: name, .nothing,
                isNeeded
                    ? "a stage that files are taken from: not on the machine" : "a stage that the target does not need")
        }
        guard survey.chain.first == stage.index else {
            return line(
                syntax, stage: name, .base, "goes on with the machine as the stage \(stage.baseName) left it",
                ["A builder begins a new image here; the machine is one and the same."])
        }
        guard let base = checked.base else {
            return line(syntax, stage: name, .base, "no machine image is known for \(stage.baseName)")
        }
        let sources = base.sources.map { source in
            switch source {
            case .download(let download): "downloaded from \(download.url) and verified"
            case .named(let name): "the cloud's own '\(name)'"
            case .recipe(let recipe): "built by \(recipe.tool) from the package archive"
            }
        }
        return line(
            syntax, stage: name, .base,
            "boots the cloud image of \(base.distribution) \(base.release): \(sources.joined(separator: ", or "))",
            ["The container image is not used: packages and files that only it has are not there."])
    }

    /// An instruction of a stage that is not on the machine.
    func elsewhere(_ instruction: Instruction, in stage: Stage) -> Line {
        line(instruction.syntax, stage: stageNames[stage.index], .nothing, "not on the machine, as its stage is not")
    }

    /// An instruction that could not be surveyed.
    func unknown(_ instruction: Instruction, in stage: Stage) -> Line {
        line(
            instruction.syntax, stage: stageNames[stage.index], .nothing,
            "not looked at, because of the errors of this file")
    }

    // MARK: Instructions

    func line(for entry: Survey.Entry, step: Int?) -> Line {
        let syntax = entry.instruction.syntax
        let stage = stageNames[entry.stage]
        let text = entry.isTrigger ? "ONBUILD \(syntax.text)" : syntax.text
        func made(_ kind: Explanation.Kind, _ effect: String, _ differences: [String] = []) -> Line {
            line(syntax, stage: stage, kind, step: step, effect, differences, text: text)
        }
        if let later = replacement(of: entry) { return made(.nothing, "replaced by the one in line \(later)") }
        switch entry.action {
        case .run(let run): return made(.step, effect(of: run), differences(of: run))
        case .copy(let copy): return made(.step, effect(of: copy), differences(of: copy))
        case .makeDirectory(let directory):
            return made(
                .step,
                "makes \(directory.path) if it is missing, for \(Self.user(directory.user)); the steps from here on, and the service, run there"
            )
        case .none: break
        }
        switch entry.instruction {
        case .env(let env): return made(.setting, effect(of: env), differences(of: env))
        case .arg(let arg):
            let values = arg.arguments.map(\.name).joined(separator: ", ")
            return made(.setting, "\(values): known to the steps from here on; nothing of it stays on the machine")
        case .user:
            return made(.setting, "the steps from here on, and the service, run as \(Self.user(entry.user))")
        case .shell: return made(.setting, "the shell of the steps and commands in shell form from here on")
        case .workdir:
            return made(.setting, "the steps from here on, and the service, run in \(entry.workingDirectory)")
        case .cmd, .entrypoint: return command(made)
        case .healthcheck: return health(made)
        case .stopSignal:
            return setup?.service == nil
                ? made(.record, "recorded: there is no service that could be stopped")
                : made(.setting, "KillSignal= of \(MachineService.unit)", ["SIGKILL follows after ten seconds."])
        case .expose:
            return made(
                .record, "recorded in /etc/replay/config.json and in the template",
                ["No port is opened or closed: what listens on the machine can be reached as its network allows."])
        case .volume:
            return made(
                .directory, "\(entry.volumes.joined(separator: ", ")) is there when the machine boots",
                [
                    "No volume is mounted: what is written there is on the machine's own disk, and what the steps put there stays."
                ])
        case .label(let label):
            return made(
                .tag,
                "\(label.pairs.map(\.name).joined(separator: ", ")): in /etc/replay/labels.json and in the template")
        case .maintainer: return made(.record, "recorded in the template")
        case .onbuild:
            return made(
                .record, "recorded in /etc/replay/config.json",
                ["It does not fire yet when a template is built on this one."])
        case .run, .copy, .add, .from: return made(.nothing, "nothing, because of the errors of this file")
        }
    }

    /// Of some instructions only the last one counts: its line, when it is another one.
    private func replacement(of entry: Survey.Entry) -> Int? {
        let keyword = entry.instruction.syntax.keyword.uppercased()
        guard ["CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL"].contains(keyword), let last = lastLines[keyword],
            last != entry.instruction.lines.first
        else { return nil }
        return last
    }

    static func user(_ user: String) -> String { user.isEmpty ? "root" : user }

    // MARK: Steps

    private func effect(of run: RunAction) -> String {
        let place = "as \(Self.user(run.user)) in \(run.workingDirectory)"
        if let script = run.scripts.first { return "runs the script \(script.name) \(place)" }
        guard let program = run.arguments.first, run.arguments.count > 1, program.hasSuffix("sh") else {
            return "runs \(run.arguments.first ?? "nothing") \(place), without a shell"
        }
        return "runs \(place), by \(program)"
    }

    private func differences(of run: RunAction) -> [String] {
        let text = run.arguments.joined(separator: " ") + run.scripts.map(\.content).joined()
        var found: [String] = []
        if ["apt-get install", "apt install", "install -y", "dpkg -i"].contains(where: { text.contains($0) }) {
            found.append(
                "Packages are installed beside those that the machine has: their services are enabled, and start when a copy boots."
            )
        }
        if text.contains("/var/lib/apt/lists") {
            found.append("Package lists and caches are removed before the capture anyway.")
        }
        if text.contains("systemctl enable") || text.contains("systemctl mask") {
            found.append(
                "In a container this does nothing that anybody sees; on the machine it counts at the next boot.")
        }
        return found
    }

    private func effect(of copy: Survey.Copy) -> String {
        let sources = copy.sources.map { $0.hasPrefix("<<") ? "the text \($0.dropFirst(2))" : $0 }.joined(
            separator: ", ")
        var words = "puts \(sources) to \(copy.destination)"
        words += ", owned by \(copy.owner ?? "0:0")"
        if let mode = copy.mode { words += ", mode \(mode)" }
        return words
    }

    private func differences(of copy: Survey.Copy) -> [String] {
        var found: [String] = []
        if let owner = copy.owner, owner.contains(where: \.isLetter) {
            found.append(
                "Names of users and groups are looked up on the machine; one that it does not know is an error.")
        }
        if copy.sources.contains(where: { $0.contains("://") }) {
            found.append("It is fetched before there is a machine, on the computer where replay runs.")
        }
        return found
    }

    // MARK: Settings

    private func effect(of env: EnvInstruction) -> String {
        let names = env.pairs.map(\.name)
        let (shown, kept) = (names.filter(isForLogins), names.filter { !isForLogins($0) })
        var words = "\(names.joined(separator: ", ")): for the steps from here on and the service"
        if !shown.isEmpty {
            words += "; \(shown.joined(separator: ", ")) also for logins, in /etc/profile.d/50-replay.sh"
        }
        if !kept.isEmpty, !shown.isEmpty { words += "; \(kept.joined(separator: ", ")) not for logins" }
        return words
    }

    private func isForLogins(_ name: String) -> Bool { loginNames.contains(name[...]) }

    private func differences(of env: EnvInstruction) -> [String] {
        var found: [String] = []
        if env.pairs.contains(where: { $0.name == "PATH" }) {
            found.append("Logins keep the machine's own directories in PATH; only what is added here is added there.")
        }
        if env.pairs.contains(where: { $0.name != "PATH" && !isForLogins($0.name) }) {
            found.append("Variables that would harm the machine's own programs are kept from logins.")
        }
        found.append("Other services of the machine do not see it: a container has only the one.")
        return found
    }

    private func command(_ made: (Explanation.Kind, String, [String]) -> Line) -> Line {
        guard let service = setup?.service, let words = serviceText else {
            return made(.record, "recorded: no service is made of it", [])
        }
        let start = service.isEnabled ? "starts when a copy boots" : "does not start by itself"
        return made(
            .service, "\(MachineService.unit): \(words), as \(Self.user(service.user)); \(start)",
            [
                "It does not hold the machine: when it ends, the machine runs on, and it is not started again.",
                "Its output goes to the journal: journalctl -u replay-app.",
            ])
    }

    private func health(_ made: (Explanation.Kind, String, [String]) -> Line) -> Line {
        guard let service = setup?.service, service.hasHealthCheck else {
            return made(.record, "recorded: there is no service to check", [])
        }
        return made(
            .timer, "\(MachineService.healthTimer): the command runs in Docker's times; replay-health prints the state",
            ["Nothing is started again when the state is unhealthy, as in Docker."])
    }
}
