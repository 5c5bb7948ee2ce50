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
            for name in entry.shadowedNames {
                warn(
                    .argShadowsEnv, entry,
                    "the steps from here on see ARG \(name), while the machine keeps the value of ENV \(name)",
                    highlight: name)
            }
        }
    }
}
