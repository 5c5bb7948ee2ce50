internal import Basemaps
public import DockerfileChecks
internal import DockerfileLanguage
public import MachineServices
internal import ReplayPlan

/// Explains what becomes of a Dockerfile. Pure: a checked file comes in, an explanation goes out.
public struct Explainer {
    let checked: CheckedDockerfile
    let survey: Survey
    let setup: MachineSetup?
    let mask: SecretMask
    /// The last instruction of its kind on the machine: the only one that counts.
    let lastLines: [String: Int]
    let stageNames: [String]
    /// The variables that logins get.
    let loginNames: Set<Substring>

    /// Explains a file.
    /// - Returns: nil when the file cannot be parsed: then only its findings say something.
    public static func explain(
        _ checked: CheckedDockerfile, path: String, name: String, policy: ServicePolicy
    ) -> Explanation? {
        guard let file = checked.dockerfile, let survey = checked.survey else { return nil }
        let explainer = Explainer(checked, file, survey, name: name, policy: policy)
        return explainer.explanation(of: file, path: path)
    }

    private init(
        _ checked: CheckedDockerfile, _ file: Dockerfile, _ survey: Survey, name: String, policy: ServicePolicy
    ) {
        self.checked = checked
        self.survey = survey
        mask = SecretMask(checked)
        setup = try? MachineSetup(name: name, config: survey.config, steps: [], policy: policy, commandIsReplayed: true)
        stageNames = file.stages.map { $0.name ?? String($0.index) }
        let profile = setup?.files.first { $0.path == "/etc/profile.d/50-replay.sh" }?.content ?? ""
        var names = Set(
            profile.split(separator: "\n").filter { $0.hasPrefix("export ") }.map {
                $0.dropFirst("export ".count).prefix { $0 != "=" }
            })
        if profile.contains("PATH=") { names.insert("PATH") }
        loginNames = names
        var last: [String: Int] = [:]
        for entry in survey.entries where survey.chain.contains(entry.stage) {
            last[entry.instruction.syntax.keyword.uppercased()] = entry.instruction.lines.first
        }
        lastLines = last
    }

    private func explanation(of file: Dockerfile, path: String) -> Explanation {
        var lines = file.globalArguments.map { globalArgument($0) }
        var number = 0
        // Steps are counted in the order in which they happen; the file tells them in its own.
        var steps: [Int: [(Survey.Entry, Int?)]] = [:]
        for stage in survey.chain {
            for entry in survey.entries where entry.stage == stage {
                let isStep = entry.action != .none
                if isStep { number += 1 }
                steps[stage, default: []].append((entry, isStep ? number : nil))
            }
        }
        for stage in file.stages {
            lines.append(from(stage))
            guard survey.chain.contains(stage.index) else {
                lines += stage.instructions.map { elsewhere($0, in: stage) }
                continue
            }
            let known = steps[stage.index] ?? []
            lines += known.map { line(for: $0.0, step: $0.1) }
            let seen = Set(known.map(\.0.instruction.lines.first))
            lines += stage.instructions.filter { !seen.contains($0.lines.first) }.map { unknown($0, in: stage) }
        }
        attach(checked.findings, to: &lines)
        return Explanation(
            path: path, base: checked.base.map { "\($0.distribution) \($0.release) \($0.architecture)" },
            isReplayable: checked.count(of: .error) == 0, stepCount: number, service: serviceText,
            generalDifferences: Self.generalDifferences, lines: lines, tests: file.tests.map { mask.masked($0) },
            notices: (setup?.notices ?? []).map { mask.masked($0) })
    }

    /// Puts each finding to the instruction that it is about.
    private func attach(_ findings: [Finding], to lines: inout [Explanation.Line]) {
        let order = lines.indices.sorted { lines[$0].firstLine < lines[$1].firstLine }
        for finding in findings {
            // The last instruction that begins at the line or before it.
            var (low, high) = (0, order.count)
            while low < high {
                let middle = (low + high) / 2
                if lines[order[middle]].firstLine <= finding.firstLine ?? 1 { low = middle + 1 } else { high = middle }
            }
            if !order.isEmpty { lines[order[max(0, low - 1)]].findings.append(finding) }
        }
    }

    /// The words that the service runs, for people.
    var serviceText: String? {
        guard let service = setup?.service else { return nil }
        return mask.masked(
            service.arguments.map { $0.contains(" ") || $0.isEmpty ? "\"\($0)\"" : $0 }.joined(separator: " "))
    }

    static let generalDifferences = [
        "A machine has a kernel, systemd, an SSH server and cloud-init of its own: they stay, and take room.",
        "Packages' services do not start during the build. They stay enabled, and start when a copy boots.",
        "All processes of a RUN end with it. A RUN does not see the machine's systemd; systemctl enable works, as in a container.",
        "/tmp and /var/tmp are emptied before the capture; /run is in memory.",
        "Nothing says that this is a container: /.dockerenv is not there.",
        "Kernel settings, mounts and network rules that a RUN makes are real, and gone when the machine is captured.",
    ]
}
