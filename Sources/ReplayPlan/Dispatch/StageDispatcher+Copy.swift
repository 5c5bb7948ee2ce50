internal import DockerfileLanguage

extension StageDispatcher {
    /// COPY from the context, a stage or an image.
    mutating func dispatch(
        _ instruction: CopyInstruction, origin: CopyOrigin, isTrigger: Bool
    ) throws(PlanError) {
        if let source = origin.stage, results[source] == nil {
            let name = instruction.from ?? ""
            throw PlanError(
                .stage, "COPY cannot take from the stage \(name), which must stand before this one.",
                highlight: "--from=\(name)")
        }
        let expanded = try expand(instruction.paths)
        var sources: [CopyInput] = []
        for text in expanded.sources {
            if GitSource.isRepository(text) {
                throw PlanError(.argument, "COPY cannot take the git repository \(text): ADD can.", highlight: text)
            }
            if GitSource.isDownload(text) {
                throw PlanError(.argument, "COPY cannot take the URL \(text): ADD can.", highlight: text)
            }
            sources.append(
                .tree(tree(text, origin: origin, keepsParents: instruction.keepsParents, unpacks: false)))
        }
        let title = title(instruction.syntax)
        let operation = CopyOperation(
            keyword: "COPY", sources: sources + expanded.documents, destination: destination(expanded.destination),
            owner: try optional(instruction.owner), mode: try mode(instruction.mode),
            acceptsUnknownOwner: options.buildkitCompat && instruction.owner != nil, excludes: instruction.excludes,
            isLinked: instruction.isLinked)
        try append(operation, title: title, syntax: instruction.syntax, isTrigger: isTrigger)
    }

    /// ADD: COPY from the context that unpacks archives, and downloads, and repositories.
    mutating func dispatch(_ instruction: AddInstruction, isTrigger: Bool) throws(PlanError) {
        let expanded = try expand(instruction.paths)
        let checksum = try optional(instruction.checksum)
        if checksum != nil {
            guard expanded.sources.count == 1 else {
                throw PlanError(.argument, "--checksum is for one source only.", highlight: "--checksum")
            }
            guard GitSource.isRepository(expanded.sources[0]) || GitSource.isDownload(expanded.sources[0]) else {
                throw PlanError(
                    .argument, "--checksum is for URLs and git repositories, not for files of the context.",
                    highlight: "--checksum")
            }
        }
        var sources: [CopyInput] = []
        for text in expanded.sources {
            if GitSource.isRepository(text) {
                sources.append(
                    .repository(
                        try GitReference.parse(
                            text, checksum: checksum, keepsGitDirectory: instruction.keepsGitDirectory), text: text))
            } else if GitSource.isDownload(text) {
                sources.append(
                    .download(
                        RemoteSource.Download(
                            url: text, name: GitSource.fileName(ofURL: text), checksum: checksum),
                        unpacks: instruction.unpacks ?? false))
            } else {
                sources.append(
                    .tree(tree(text, origin: .context, keepsParents: false, unpacks: instruction.unpacks ?? true)))
            }
        }
        let title = expanded.sources.reduce(title(instruction.syntax)) { title, text in
            GitSource.isRepository(text) || GitSource.isDownload(text)
                ? title.replacing(text, with: RemoteSource.withoutPassword(text)) : title
        }
        let operation = CopyOperation(
            keyword: "ADD", sources: sources + expanded.documents, destination: destination(expanded.destination),
            owner: try optional(instruction.owner), mode: try mode(instruction.mode),
            acceptsUnknownOwner: options.buildkitCompat && instruction.owner != nil, excludes: instruction.excludes,
            isLinked: instruction.isLinked)
        try append(operation, title: title, syntax: instruction.syntax, isTrigger: isTrigger)
    }

    /// WORKDIR: an absolute path wins, a relative one goes on; the directory is made unless it is the root.
    mutating func dispatch(_ instruction: WorkdirInstruction, isTrigger: Bool) throws(PlanError) {
        let path = try expand(instruction.path)
        checkWorkdir(path, instruction.syntax)
        let title = title(instruction.syntax)
        // As in BuildKit an absolute path stays as it is written: only joining cleans.
        let current = state.config.workingDirectory
        let directory = path.isEmpty ? current : GoPath.isAbsolute(path) ? path : GoPath.join(current, path)
        state.config.workingDirectory = directory
        guard directory != "/" else { return }
        append(
            .makeDirectory(MakeDirectoryAction(path: GoPath.clean(directory), user: state.config.user)), title: title,
            syntax: instruction.syntax, isTrigger: isTrigger)
    }

    private mutating func append(
        _ operation: CopyOperation, title: String, syntax: InstructionSyntax, isTrigger: Bool
    ) throws(PlanError) {
        try checkDestination(of: operation)
        append(.copy(operation), title: title, syntax: syntax, isTrigger: isTrigger)
    }

    /// Several sources to a path that is not said to be a directory: BuildKit puts them all in one file's place and the
    /// last one stays, which its manual calls an error.
    private func checkDestination(of operation: CopyOperation) throws(PlanError) {
        guard !options.buildkitCompat, operation.sources.count > 1, !operation.destination.hasSuffix("/"),
            !operation.destination.hasSuffix("/.")
        else { return }
        throw PlanError(
            .ambiguousDestination,
            "\(operation.keyword) has \(operation.sources.count) sources, so the destination \(operation.destination) "
                + "must be a directory: end it with /.",
            highlight: operation.destination)
    }

    private mutating func expand(
        _ paths: CopyPaths
    ) throws(PlanError) -> (sources: [String], documents: [CopyInput], destination: String) {
        var sources: [String] = []
        for source in paths.sources { sources.append(try expand(source)) }
        let destination = try expand(paths.destination)
        var documents: [CopyInput] = []
        for document in paths.documents {
            let content = document.expands ? try expand(document.content, with: .heredocBodies) : document.content
            documents.append(.inline(InlineFile(name: document.name, content: content)))
        }
        return (sources, documents, destination)
    }

    private mutating func optional(_ word: String?) throws(PlanError) -> String? {
        guard let word else { return nil }
        let text = try expand(word)
        return text.isEmpty ? nil : text
    }

    private mutating func mode(_ word: String?) throws(PlanError) -> String? {
        guard let text = try optional(word) else { return nil }
        if let problem = FileModeExpression.problem(with: text) {
            throw PlanError(.argument, "--chmod=\(text) is not valid: \(problem).", highlight: word)
        }
        return text
    }

    /// The destination: relative to WORKDIR, cleaned; a trailing `/` or `/.` stays, `.` and nothing mean `./`.
    private func destination(_ text: String) -> String {
        let text = text == "." || text.isEmpty ? "./" : text
        let joined = GoPath.isAbsolute(text) ? GoPath.clean(text) : GoPath.join(state.config.workingDirectory, text)
        if text.hasSuffix("/") { return joined == "/" ? "/" : joined + "/" }
        if text.hasSuffix("/.") { return joined == "/" ? "/." : joined + "/." }
        return joined
    }

    private func tree(_ text: String, origin: CopyOrigin, keepsParents: Bool, unpacks: Bool) -> CopyTree {
        guard keepsParents else {
            return CopyTree(origin: origin, text: text, path: GoPath.clean("/" + text), unpacks: unpacks)
        }
        var pivot = "/"
        var rest = text
        if let range = text.firstRange(of: "/./") {
            pivot = String(text[..<range.lowerBound])
            rest = String(text[range.upperBound...])
        }
        let pattern = GoPath.isAbsolute(rest) ? rest : GoPath.join("/", rest)
        let hasWildcards = FilePattern.hasWildcards(pivot) || FilePattern.hasWildcards(pattern)
        return CopyTree(
            origin: origin, text: text, path: GoPath.clean("/" + pivot), include: String(pattern.dropFirst()),
            required: hasWildcards ? nil : GoPath.clean("/" + pivot + "/" + pattern), unpacks: unpacks)
    }
}
