internal import Basemaps
internal import DockerfileLanguage

// The rules that look at an instruction with the stage's values.

extension StageDispatcher {
    /// Names that are not set, and that no ARG of the stage declares.
    mutating func reportUndefined(_ names: Set<String>) {
        guard let syntax = instruction?.syntax else { return }
        let builders = Self.builderArguments
        for name in names.sorted() where !state.declaredArguments.contains(name) && !builders.contains(name) {
            let hint = Suggestion.text(for: name, among: state.environment.variables.map(\.name))
            linter.warn(.undefinedVar, syntax, "the variable '$\(name)' is not set\(hint)")
        }
    }

    /// CMD, ENTRYPOINT and HEALTHCHECK: only the last one of a stage counts, so the warning is about the one before.
    mutating func noteUse(of keyword: String, _ syntax: InstructionSyntax) {
        if let earlier = state.lastUses[keyword] {
            linter.warn(
                .multipleInstructionsDisallowed, earlier, "only the last \(keyword) of a stage counts",
                readingCommentsOf: syntax)
        }
        state.lastUses[keyword] = syntax
    }

    /// A shell form hands signals to the shell, unless SHELL says that a shell is meant.
    mutating func checkForm(of keyword: String, _ command: CommandLine, _ syntax: InstructionSyntax) {
        guard command.isShellForm, state.config.shell?.isEmpty ?? true else { return }
        linter.warn(
            .jsonArgsRecommended, syntax, "\(keyword) should be in JSON form, as a shell does not pass signals on")
    }

    /// The old form `ENV NAME VALUE`, and names that look like secrets.
    mutating func check(_ pairs: [(name: String, isLegacyForm: Bool)], of keyword: String, _ syntax: InstructionSyntax)
    {
        for pair in pairs {
            if pair.isLegacyForm {
                linter.warn(.legacyKeyValueFormat, syntax, "write \(keyword) \(pair.name)=value with an equals sign")
            }
            if keyword != "LABEL" { checkSecret(pair.name, of: keyword, syntax) }
        }
    }

    /// What ARG and ENV hold stays readable in the result.
    mutating func checkSecret(_ name: String, of keyword: String, _ syntax: InstructionSyntax) {
        let words = Set(name.lowercased().split(separator: "_", omittingEmptySubsequences: false).map(String.init))
        guard !words.isDisjoint(with: Self.secretWords), words.isDisjoint(with: Self.publicWords) else { return }
        linter.warn(
            .secretsUsedInArgOrEnv, syntax,
            "\(keyword) \(name) looks like a secret, which everybody can read afterwards")
    }

    private static let secretWords: Set = [
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    ]
    private static let publicWords: Set = ["public", "file", "version"]

    /// A relative WORKDIR goes on from the base's, which may change. Only the first one of a chain of stages counts.
    mutating func checkWorkdir(_ path: String, _ syntax: InstructionSyntax) {
        if !state.hasWorkdir, !GoPath.isAbsolute(path) {
            linter.warn(.workdirRelativePath, syntax, "WORKDIR \(path) is relative to the base's, which may change")
        }
        state.hasWorkdir = true
    }

    /// One word of EXPOSE, expanded.
    mutating func checkPort(_ word: String, _ syntax: InstructionSyntax) {
        let halves = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2, halves[1] != halves[1].lowercased() {
            linter.warn(.exposeProtoCasing, syntax, "the protocol in EXPOSE \(word) should be in lower case")
        }
        if halves[0].contains(":") {
            linter.warn(.exposeInvalidFormat, syntax, "EXPOSE \(word) should have no address and no port of the host")
        }
    }

    /// The base must be of the platform that is built for.
    mutating func checkPlatform(of image: BaseImage, named name: String, for node: StageGraph.Node) {
        let wanted = node.platform ?? options.platform
        guard let actual = image.platform,
            wanted.system != actual.system || wanted.architecture != actual.architecture
        else { return }
        linter.warn(
            .invalidBaseImagePlatform, node.stage.from.syntax, "the base \(name) is for \(actual), not for \(wanted)")
    }
}

extension PlanLinter {
    /// COPY and ADD of what the ignore file takes out of the context. With exceptions in the file nothing can be said.
    mutating func checkIgnored(_ operation: BuildOperation, manifest: ContextManifest) {
        guard case .copy(let copy) = operation.kind, let file = manifest.ignoreFile,
            let patterns = try? IgnorePatterns(file.patterns), !patterns.hasExceptions
        else { return }
        for case .tree(let tree) in copy.sources where tree.origin == .context && tree.path != "/" {
            guard patterns.ignores(String((tree.required ?? tree.path).dropFirst())) else { continue }
            warn(
                .copyIgnoredFile, operation.syntax,
                "\(copy.keyword) \(tree.text) names something that \(file.name) takes out of the build context")
        }
    }
}
