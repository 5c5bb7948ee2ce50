/// Writes the script of a step that runs one command with an exact identity, directory and environment.
///
/// The text lives in a file that only root can read; the command's environment and arguments appear in no other
/// process's argument vector but the command's own. (Variables that a shell cannot export, such as `a-b`, pass through
/// the arguments of `env`, which becomes the command at once.)
public struct StepScript: Sendable, Hashable {
    /// USER as written: empty, `name`, `uid`, `name:group`, `uid:gid`, `:group`.
    public var user = ""
    /// The absolute working directory; made if missing.
    public var workingDirectory = "/"
    /// The exact environment, later ones win; HOME is added from the guest's passwd when it is not here.
    public var environment: [(name: String, value: String)] = []
    /// Files for `/dev/pipes`, mode 0755.
    public var pipes: [(name: String, content: String)] = []
    /// Capabilities that another user than root gets too: `net_bind_service`. capabilities(7), without `CAP_`.
    public var capabilities: [String] = []
    /// Whether HOSTNAME is added from the machine when it is not in the environment.
    public var namesHost = false
    /// The command and its arguments; the command is looked up in the environment's PATH.
    public var arguments: [String] = []

    /// Makes a script for a command run by root in `/`.
    public init(arguments: [String]) { self.arguments = arguments }

    /// What every script is sourced after, by the supervisor and by whoever else runs one. The sh variables `replay_session`
    /// (setsid(1)'s path, or empty) and `replay_plain_root` (`root` when the process is root with no further groups) must be set.
    public static var prelude: String { String(decoding: GuestProgram.prelude, as: UTF8.self) }

    /// The script, for ``SupervisedStep/script``.
    public var text: String {
        var values: [String: String] = [:]
        for variable in environment { values[variable.name] = variable.value }
        let names = values.keys.sorted()
        var lines = ["replay_identity \(ShellText.quoted(user))"]
        lines += pipes.map { "replay_pipe \(ShellText.quoted($0.name)) \(ShellText.quoted($0.content))" }
        lines.append("replay_enter \(ShellText.quoted(workingDirectory))")
        let added = capabilities.map { "+\($0)" }.joined(separator: ",")
        lines.append(
            added.isEmpty ? "replay_become" : "replay_become '--inh-caps \(added) --ambient-caps \(added)'")
        lines.append("set -- $replay_words " + arguments.map(ShellText.quoted).joined(separator: " "))
        let odd = names.filter { !ShellText.isPlainVariable($0) }
        if odd.isEmpty {
            // bash gives every command the variables `_` and `SHLVL`.
            lines.append(#"[ -z "${BASH_VERSION:-}" ] || set -- "$(command -v env)" -u _ -u SHLVL "$@""#)
        } else {
            let assignments = odd.map { ShellText.quoted("\($0)=\(values[$0] ?? "")") }.joined(separator: " ")
            lines.append(#"set -- "$(command -v env)" -u _ -u SHLVL \#(assignments) "$@""#)
        }
        if values["HOME"] == nil { lines.append("export HOME=\"$replay_home\"") }
        if namesHost, values["HOSTNAME"] == nil {
            lines.append("read -r HOSTNAME </proc/sys/kernel/hostname\nexport HOSTNAME")
        }
        let plain = names.filter(ShellText.isPlainVariable)
        if !plain.isEmpty {
            let assignments = plain.map { "\($0)=\(ShellText.quoted(values[$0] ?? ""))" }.joined(separator: " ")
            lines.append("export \(assignments)")
        }
        lines.append(#"exec "$@""#)
        return lines.joined(separator: "\n") + "\n"
    }

    /// Whether two scripts are the same text.
    public static func == (left: StepScript, right: StepScript) -> Bool { left.text == right.text }
    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
