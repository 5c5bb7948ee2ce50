import Basemaps
import GuestSupervisor
public import ReplayPlan

/// Turns a plan's steps into scripts for the supervisor.
public enum StepTranslation {
    /// The supervised step for a step of the plan.
    /// - Parameters:
    ///   - attempt: Counted from 1; a later attempt has another id, so that it runs although the first one did.
    ///   - upload: The step's upload, for a COPY with sources.
    ///   - timeout: The limit in seconds of a step that has none of its own.
    static func supervised(_ step: Step, attempt: Int, upload: StepUpload?, timeout: Int? = nil) -> SupervisedStep {
        var supervised = script(of: step, id: identifier(step, attempt: attempt), upload: upload)
        supervised.restartsMachine = step.restartsMachine
        supervised.timeout = step.timeout ?? timeout
        return supervised
    }

    private static func script(of step: Step, id: String, upload: StepUpload?) -> SupervisedStep {
        switch step.action {
        case .run(let action): SupervisedStep(id: id, script: script(for: action))
        case .copy(let action):
            upload.map { SupervisedStep(id: id, script: script(for: action, upload: $0), blob: $0.blob) }
                ?? SupervisedStep(id: id, script: "exit 0\n")
        case .makeDirectory(let action): SupervisedStep(id: id, script: script(for: action))
        }
    }

    /// `step-3`, and `step-3.2` for the second attempt.
    static func identifier(_ step: Step, attempt: Int) -> String {
        attempt == 1 ? "step-\(step.number)" : "step-\(step.number).\(attempt)"
    }

    private static func script(for action: RunAction) -> String {
        var script = StepScript(arguments: action.arguments)
        script.user = action.user
        script.workingDirectory = action.workingDirectory
        // What the Dockerfile sets is stronger than the proxies of the command line.
        script.environment = (action.proxies + action.environment).map { ($0.name, $0.value) }
        script.pipes = action.scripts.map { ($0.name, $0.content) }
        return script.text
    }

    /// A script, to be run by root on a terminal, that becomes a shell with a step's user, directory and environment. Root's in
    /// `/` for a step that runs no command of the Dockerfile.
    /// - Parameter terminal: The kind of terminal, for `TERM`.
    public static func shell(for step: Step, terminal: String) -> String {
        var script = StepScript(arguments: [
            "/bin/sh", "-c", "if command -v bash >/dev/null; then exec bash --norc -i; else exec sh -i; fi",
        ])
        script.environment = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("TERM", terminal),
            ("PS1", "[step \(step.number)] \\w \\$ "),
        ]
        if case .run(let action) = step.action {
            script.user = action.user
            script.workingDirectory = action.workingDirectory
            script.environment += (action.proxies + action.environment).map { ($0.name, $0.value) }
            script.pipes = action.scripts.map { ($0.name, $0.content) }
        }
        // No session of its own: it would have no terminal.
        return "replay_session='' replay_plain_root=root\n" + StepScript.prelude + script.text
    }

    private static var functions: String { String(decoding: PackageResources.files_sh, as: UTF8.self) }

    private static func script(for action: MakeDirectoryAction) -> String {
        functions + "files_workdir \(ShellText.quoted(action.path)) \(ShellText.quoted(action.user))\n"
    }

    private static func line(for source: CopySource, index: Int) -> String {
        switch source {
        case .file(_, let name): "copy_file \(index) \(ShellText.quoted(name))"
        case .inline(let file): "copy_file \(index) \(ShellText.quoted(file.name))"
        case .directory: "copy_directory \(index)"
        case .archive: "copy_archive \(index)"
        case .remote(_, let fetched): line(for: fetched, index: index)
        }
    }

    private static func script(for action: CopyAction, upload: StepUpload) -> String {
        let open = [upload.blob, action.owner ?? "", action.mode ?? "", action.destination].map(ShellText.quoted)
        var lines = action.acceptsUnknownOwner ? ["files_accept_unknown=1"] : []
        lines.append("copy_open " + open.joined(separator: " "))
        lines += action.sources.enumerated().map { line(for: $1, index: $0) }
        return functions + lines.joined(separator: "\n") + "\ncopy_close\(upload.isUsedAgain ? " keep" : "")\n"
    }
}
