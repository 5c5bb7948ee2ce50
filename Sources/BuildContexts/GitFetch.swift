internal import ReplayPlan
internal import Subprocess
internal import SystemPackage

/// Fetches one commit of a repository with this machine's git(1), as BuildKit does: files of mode 0644 or 0755, without
/// history, with submodules.
///
/// The user's git configuration and credentials are used, but nothing is asked, no hooks run, and line ends stay. Only
/// git's own, SSH's and the web's protocols are spoken, also for submodules: a repository cannot name files of this machine.
struct GitFetch {
    let repository: RemoteSource.Repository
    /// An empty directory for it.
    let work: FilePath

    private static let settings = [
        "core.autocrlf=false", "core.eol=lf", "core.hooksPath=/dev/null", "core.symlinks=true", "core.fsmonitor=false",
        "init.defaultBranch=master", "advice.detachedHead=false",
    ]

    /// - Returns: The directory with the content.
    /// - Throws: ``RemoteFailure``.
    func run() async throws -> FilePath {
        try await git("init", "--quiet")
        try await fetch()
        let commit = try await git("rev-parse", "HEAD").trimmed
        if let wanted = repository.commit, !commit.hasPrefix(wanted.lowercased()) {
            throw RemoteFailure("its commit is \(commit), not \(wanted). Nothing of it was used.")
        }
        if repository.includesSubmodules, exists(work.appending(".gitmodules")) {
            try await git("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
        }
        try await cleanUp()
        return try subdirectory()
    }

    private func fetch() async throws {
        let reference = repository.reference ?? "HEAD"
        do {
            try await git("fetch", "--quiet", "--depth=1", "--no-tags", "--", repository.remote, reference)
            try await git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        } catch let error as RemoteFailure {
            // Servers need not give out a commit by its name, and a part of a name is none for them.
            guard reference.utf8.count >= 7, reference.allSatisfy(\.isHexDigit) else { throw error }
            let everything = "+refs/heads/*:refs/remotes/origin/*"
            try await git("fetch", "--quiet", "--tags", "--", repository.remote, everything)
            try await git("checkout", "--quiet", "--detach", reference)
        }
    }

    /// `.git` goes, also those of submodules, or else what it knows about where it came from.
    private func cleanUp() async throws {
        if repository.keepsGitDirectory {
            try await run(#"rm -rf "$1/.git/FETCH_HEAD" "$1/.git/logs""#, [work.string])
        } else {
            try await run(#"find "$1" -name .git -prune -exec rm -rf {} +"#, [work.string])
        }
    }

    /// The directory that is meant. Links in the repository must not lead out of it.
    private func subdirectory() throws -> FilePath {
        var place = work
        for component in FilePath(repository.subdirectory).components where component.kind == .regular {
            place.append(component)
            guard (try? place.stat(followTargetSymlink: false).type) == .directory else {
                throw RemoteFailure("it has no directory \(repository.subdirectory).")
            }
        }
        guard FilePath(repository.subdirectory).components.allSatisfy({ $0.kind != .parentDirectory }) else {
            throw RemoteFailure("the directory \(repository.subdirectory) must not have .. in it.")
        }
        return place
    }

    private func exists(_ path: FilePath) -> Bool { (try? path.stat(followTargetSymlink: false)) != nil }

    @discardableResult
    private func git(_ words: String...) async throws -> String {
        let settings = Self.settings.flatMap { ["-c", $0] }
        return try await run(#"umask 022; exec git "$@""#, ["-C", work.string] + settings + words)
    }

    @discardableResult
    private func run(_ script: String, _ words: [String]) async throws -> String {
        let (succeeded, output, errors) = try await outcome(of: script, words)
        try Task.checkCancellation()
        guard succeeded else {
            let text = errors.replacing(repository.remote, with: "the repository").trimmed
            throw RemoteFailure(
                text.contains("git: not found") ? "it needs git, which is not installed." : "git says: \(text)")
        }
        return output
    }

    private func outcome(of script: String, _ words: [String]) async throws -> (Bool, String, String) {
        var options = PlatformOptions()
        // Ctrl-C at the terminal is for `replay` to handle.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(3))]
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: Arguments(["-c", script, "git"] + words),
            environment: .inherit.updating([
                "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "git:http:https:ssh",
                "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "GIT_DIR": nil, "GIT_WORK_TREE": nil, "GIT_INDEX_FILE": nil,
            ]),
            platformOptions: options, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}
