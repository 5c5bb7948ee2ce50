internal import DockerfileLanguage

/// Finds what a COPY or ADD takes from the build context: BuildKit's rules for names, patterns, links and directories.
struct CopyResolver {
    let manifest: ContextManifest
    private let links: ContextLinks
    /// What had to be known of files' contents and is not.
    private(set) var needs = ContextNeeds()
    /// What the user should know.
    private(set) var warnings: [PlanWarning] = []

    // Sets of bytes: as texts, two names that Unicode holds for equal would be one.
    private var seenDigests: Set<[UInt8]> = []
    private var seenCandidates: Set<[UInt8]> = []

    init(manifest: ContextManifest) {
        self.manifest = manifest
        links = ContextLinks(manifest: manifest)
    }

    /// The sources of an operation whose inputs all come from the context or from the Dockerfile.
    mutating func action(for operation: CopyOperation, lines: SourceRange) throws(PlanError) -> CopyAction {
        let excludes: IgnorePatterns
        do {
            excludes = try IgnorePatterns(operation.excludes)
        } catch {
            throw PlanError(error, at: lines)
        }
        var sources: [CopySource] = []
        for input in operation.sources {
            switch input {
            case .inline(let file):
                guard !file.name.contains("/") else {
                    throw PlanError(
                        .argument, "The heredoc \(file.name) names a file, which cannot have / in its name.",
                        lines: [LineRange(lines)], highlight: file.name)
                }
                sources.append(.inline(file))
            case .tree(let tree):
                if case .named(let name) = tree.origin {
                    sources += try self.sources(for: tree, ofContext: name, operation, lines: lines)
                    continue
                }
                do {
                    sources += try self.sources(for: tree, excludes: excludes, keyword: operation.keyword, lines: lines)
                } catch {
                    throw error.located(at: lines)
                }
            case .download(let download, let unpacks):
                do { try check(download) } catch { throw error.located(at: lines) }
                let remote = RemoteSource(.download(download), text: download.url, lines: LineRange(lines))
                guard let fetched = need(remote) else { continue }
                let isArchive = unpacks && fetched[download.name]?.isArchive == true
                sources.append(
                    .remote(
                        origin: remote.identifier,
                        isArchive ? .archive(path: download.name) : .file(path: download.name, name: download.name)))
            case .repository(let repository, let text):
                let remote = RemoteSource(.repository(repository), text: text, lines: LineRange(lines))
                guard let fetched = need(remote) else { continue }
                let selection = DirectorySelection(manifest: fetched, include: nil, exclude: excludes)
                let entries = try selection.entries(
                    of: "", keyword: operation.keyword, lines: lines, warnings: &warnings)
                sources.append(.remote(origin: remote.identifier, .directory(path: "", entries: entries)))
            }
        }
        return CopyAction(
            sources: sources, destination: operation.destination, owner: operation.owner, mode: operation.mode,
            acceptsUnknownOwner: operation.acceptsUnknownOwner)
    }

    /// The sources in a context that `--build-context` names: its manifest is complete from the start.
    private mutating func sources(
        for tree: CopyTree, ofContext name: String, _ operation: CopyOperation, lines: SourceRange
    ) throws(PlanError) -> [CopySource] {
        let identifier = ContextReference.identifier(named: name)
        guard let manifest = manifest.fetched[identifier] else {
            throw PlanError(.incompleteManifest, "The \(identifier) is not in the manifest.", lines: [LineRange(lines)])
        }
        var tree = tree
        tree.origin = .context
        var single = operation
        single.sources = [.tree(tree)]
        var resolver = CopyResolver(manifest: manifest)
        do {
            let action = try resolver.action(for: single, lines: lines)
            warnings += resolver.warnings
            return action.sources.map { .remote(origin: identifier, $0) }
        } catch {
            var error = error
            error.message = error.message.replacing("the build context", with: "the \(identifier)")
            throw error
        }
    }

    /// What was fetched for a source; nil, and a need noted, when nothing was.
    private mutating func need(_ remote: RemoteSource) -> ContextManifest? {
        if let fetched = manifest.fetched[remote.identifier] { return fetched }
        if !needs.remotes.contains(where: { $0.identifier == remote.identifier }) { needs.remotes.append(remote) }
        return nil
    }

    private func check(_ download: RemoteSource.Download) throws(PlanError) {
        guard download.name != "..", !download.name.utf8.contains(0) else {
            throw PlanError(.argument, "ADD \(download.url): its path ends in no file's name.", highlight: download.url)
        }
        guard let checksum = download.checksum else { return }
        let digits = checksum.utf8.dropFirst("sha256:".utf8.count)
        let isHexadecimal = digits.allSatisfy { $0.isHexadecimal } && checksum == checksum.lowercased()
        guard checksum.hasPrefix("sha256:"), digits.count == 64, isHexadecimal else {
            throw PlanError(
                .argument, "--checksum=\(checksum) is not valid: it should be sha256: and 64 hexadecimal digits.",
                highlight: "--checksum")
        }
    }

    private mutating func sources(
        for tree: CopyTree, excludes: IgnorePatterns, keyword: String, lines: SourceRange
    ) throws(PlanError) -> [CopySource] {
        let include = tree.include.map { [$0] }
        let patterns: IgnorePatterns?
        do {
            patterns = try include.map { (list) throws(DockerfileError) in try IgnorePatterns(list) }
        } catch {
            throw PlanError(error, at: lines)
        }
        var sources: [CopySource] = []
        for match in try matches(tree, keyword: keyword) {
            guard let place = try existing(match), let entry = manifest[place] else {
                throw missing(tree, keyword: keyword, match: match)
            }
            switch entry.kind {
            case .directory:
                let selection = DirectorySelection(manifest: manifest, include: patterns, exclude: excludes)
                let entries = try selection.entries(of: place, keyword: keyword, lines: lines, warnings: &warnings)
                try check(
                    entries, of: place, for: tree, isFiltered: include != nil || !excludes.patterns.isEmpty,
                    keyword: keyword)
                for path in entries { needDigest(of: GoPath.under(place, path)) }
                sources.append(.directory(path: place, entries: entries))
            case .file:
                sources.append(file(at: place, named: GoPath.base(match), unpacks: tree.unpacks))
            case .symbolicLink, .special:
                throw PlanError(
                    .sourceUnsuitable, "\(keyword) \(tree.text): \(place) is a pipe, socket or device.",
                    highlight: tree.text)
            case .unnameable:
                throw DirectorySelection.unnameable(place, keyword: keyword)
            }
        }
        return sources
    }

    /// What `--parents` names without wildcards must be there. And as in BuildKit, links right in the root of the
    /// context must lead somewhere when its content is filtered.
    private func check(
        _ entries: [String], of place: String, for tree: CopyTree, isFiltered: Bool, keyword: String
    ) throws(PlanError) {
        if tree.required != nil, let wanted = tree.include {
            let found = entries.contains { $0 == wanted || $0.utf8.starts(with: (wanted + "/").utf8) }
            guard found || wanted.isEmpty else { throw missing(tree, keyword: keyword) }
        }
        guard place.isEmpty, isFiltered else { return }
        for entry in entries where !entry.utf8.contains(UInt8(ascii: "/")) {
            guard case .symbolicLink = manifest[entry]?.kind, try existing(entry) == nil else { continue }
            throw missing(tree, keyword: keyword, match: entry)
        }
    }

    private mutating func file(at place: String, named name: String, unpacks: Bool) -> CopySource {
        needDigest(of: place)
        guard unpacks else { return .file(path: place, name: name) }
        switch manifest[place]?.isArchive {
        case true?: return .archive(path: place)
        case false?: break
        case nil: if seenCandidates.insert(Array(place.utf8)).inserted { needs.archiveCandidates.append(place) }
        }
        return .file(path: place, name: name)
    }

    private mutating func needDigest(of path: String) {
        guard let entry = manifest[path], case .file = entry.kind, entry.digest == nil else { return }
        if seenDigests.insert(Array(path.utf8)).inserted { needs.digests.append(path) }
    }

    /// The paths that a source means, relative to the root, links not followed in their last part.
    private func matches(_ tree: CopyTree, keyword: String) throws(PlanError) -> [String] {
        let parts = tree.path.split(separator: "/")
        guard let wild = parts.firstIndex(where: { FilePattern.hasWildcards($0) }) else {
            return [String(tree.path.dropFirst())]
        }
        let start = parts[..<wild].joined(separator: "/")
        guard let base = try existing(start) else { throw missing(tree, keyword: keyword, match: start) }
        // A malformed pattern matches nothing, as in BuildKit.
        guard let pattern = FilePattern(parts[wild...].joined(separator: "/")) else { return [] }
        let depth = parts.count - wild
        var found: [String] = []
        for item in manifest.items(below: base) {
            let relative = base.isEmpty ? item.path : String(item.path.utf8.dropFirst(base.utf8.count + 1)) ?? ""
            guard relative.utf8.count(where: { $0 == UInt8(ascii: "/") }) == depth - 1, pattern.matches(relative) else {
                continue
            }
            found.append(item.path)
        }
        return found
    }

    /// Where a path leads once links are followed; nil when nothing is there.
    private func existing(_ path: String) throws(PlanError) -> String? {
        guard let place = links.place(of: path) else {
            throw PlanError(
                .sourceUnsuitable, "The symbolic links at \(path) in the build context go in circles.", highlight: path)
        }
        return manifest[place] == nil ? nil : place
    }

    private func missing(_ tree: CopyTree, keyword: String, match: String? = nil) -> PlanError {
        let path = String((tree.required ?? tree.path).dropFirst())
        let name = match ?? path
        var message = "\(keyword) \(tree.text): there is no \(name.isEmpty ? tree.text : name) in the build context"
        if let match, case .symbolicLink(let target) = manifest[match]?.kind {
            message = "\(keyword) \(tree.text): the link \(match) leads to \(target), which is not in the build context"
        } else if let file = manifest.ignoreFile, (try? IgnorePatterns(file.patterns))?.ignores(name) == true {
            message = "\(keyword) \(tree.text): \(name) is not in the build context, as \(file.name) ignores it"
        } else if tree.text.split(separator: "/").first == ".." {
            message += "; what lies outside of it cannot be copied"
        }
        return PlanError(.sourceMissing, message + ".", highlight: tree.text)
    }
}

extension GoPath {
    /// A path below a directory of the context, whose root is the empty path.
    static func under(_ directory: String, _ name: String) -> String {
        directory.isEmpty ? name : directory + "/" + name
    }
}
