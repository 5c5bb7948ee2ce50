internal import DockerfileLanguage

/// Which parts of a directory are copied: all but what `--exclude` takes out, or only what `--parents` asks for.
///
/// The patterns are relative to the directory. A directory that is not taken itself is there all the same when
/// something below it is.
struct DirectorySelection {
    let manifest: ContextManifest
    /// What is taken; nil: everything.
    let include: IgnorePatterns?
    /// What is not taken.
    let exclude: IgnorePatterns

    /// The paths relative to the directory, in tree order.
    func entries(
        of directory: String, keyword: String, lines: SourceRange, warnings: inout [PlanWarning]
    ) throws(PlanError) -> [String] {
        var entries: [String] = []
        // Directories above the current item that are not taken themselves.
        var pending: [String] = []
        var skipped: String?
        for item in manifest.items(below: directory) {
            if let prefix = skipped {
                if item.path.utf8.starts(with: prefix.utf8) { continue }
                skipped = nil
            }
            let path = directory.isEmpty ? item.path : String(item.path.utf8.dropFirst(directory.utf8.count + 1)) ?? ""
            pending.removeAll { !path.utf8.starts(with: ($0 + "/").utf8) }
            let isExcluded = !exclude.patterns.isEmpty && exclude.ignores(path)
            let isTaken = !isExcluded && (include?.ignores(path) ?? true)
            let isDirectory = item.entry.kind == .directory
            guard isTaken else {
                if isDirectory {
                    if isExcluded, !exclude.hasExceptions { skipped = item.path + "/" } else { pending.append(path) }
                }
                continue
            }
            switch item.entry.kind {
            case .unnameable: throw Self.unnameable(item.path, keyword: keyword)
            case .special:
                warnings.append(
                    PlanWarning(
                        rule: "SpecialFileSkipped", lines: LineRange(lines),
                        message: "\(item.path) is a pipe or device and is not copied"))
                continue
            case .file, .directory, .symbolicLink: break
            }
            entries += pending
            pending = []
            entries.append(path)
        }
        return entries
    }

    static func unnameable(_ path: String, keyword: String) -> PlanError {
        PlanError(
            .sourceUnsuitable,
            "\(keyword) cannot take \(path): its name or link target is not UTF-8. Rename it, or add it to .dockerignore."
        )
    }
}
