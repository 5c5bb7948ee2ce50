internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// Values of ARG, ENV and LABEL, and secrets anywhere.
extension MachineLinter {
    mutating func checkValues() {
        for entry in entries {
            if let kind = Credential.kind(in: entry.instruction.syntax.text) {
                warn(.secretValue, entry, "\(entry.instruction.syntax.keyword.uppercased()) holds \(kind)")
            } else if case .run(let run) = entry.instruction,
                let kind = run.heredocs.lazy.compactMap({ Credential.kind(in: $0.content) }).first
            {
                warn(.secretValue, entry, "a heredoc of RUN holds \(kind)")
            }
            guard case .arg(let arg) = entry.instruction else { continue }
            for argument in arg.arguments {
                let name = argument.name
                guard let kept = entry.before.config.environment.last(where: { $0.name == name })?.value,
                    let seen = entry.after.value(of: name), seen != kept
                else { continue }
                warn(
                    .argShadowsEnv, entry,
                    "the steps from here on see ARG \(name), while the machine keeps the value of ENV \(name)",
                    highlight: name)
            }
        }
    }
}
