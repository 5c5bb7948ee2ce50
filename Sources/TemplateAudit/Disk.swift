/// A disk's files and users, with the rules' ways of looking at them.
struct Disk {
    let tree: DiskTree
    let users: UserTables
    let facts: AuditFacts

    /// The files whose content a check looks at.
    func filesToRead(for check: AuditRule.Check) -> [String] {
        switch check {
        case .lacks(_, let patterns): files(patterns).filter { tree[$0]?.isFile == true }
        case .linkOrAbsent(let path, _): [path]
        case .enabledUnits: EnabledUnits.aliases(in: tree)
        default: []
        }
    }

    /// Where a check finds what must not be; nil when what it compares with is not known.
    func places(breaking check: AuditRule.Check, contents: [String: [UInt8]], residue: Residue?) -> [Place]? {
        switch check {
        case .absent(let patterns): files(patterns).map { Place(path: $0) }
        case .noContent(let patterns): filesWithContent(patterns)
        case .noCaches(let patterns): facts.keepsPackageCaches ? nil : filesWithContent(patterns)
        case .emptyFile(let path):
            if let entry = tree[path] {
                entry.isFile && entry.size == 0 ? [] : [Place(path: path, detail: "it is not an empty file")]
            } else {
                [Place(path: path, detail: "it is missing")]
            }
        case .present(let path):
            facts.wasSealed ? (tree[path] == nil ? [Place(path: path, detail: "it is missing")] : []) : nil
        case .linkOrAbsent(let path, let target):
            tree[path].map { entry in
                entry.isLink && contents[path] == Array(target.utf8) ? [] : [Place(path: path)]
            } ?? []
        case .lacks(let word, let patterns):
            self.word(word).map { word in
                files(patterns).filter { contents[$0]?.firstRange(of: word) != nil }.map { Place(path: $0) }
            }
        case .permissions(let bits, let patterns):
            files(patterns).filter { tree[$0].map { !$0.isLink && $0.mode & bits != 0 } ?? false }.map {
                Place(path: $0, detail: "mode " + String((tree[$0]?.mode ?? 0) & 0o7777, radix: 8))
            }
        case .ownerless:
            tree.entries.filter { $0.value.owner == facts.buildUserIdentifier }.map(\.key).sorted().map {
                Place(path: $0)
            }
        case .users(let check):
            users.names(breaking: check, buildUser: facts.buildUser).map {
                Place(path: "/etc/passwd", detail: "user \($0)")
            }
        case .enabledUnits: facts.enabledUnits.map { unitPlaces($0, contents) }
        case .residue(let word): residue.flatMap { places(of: word, $0) }
        }
    }

    private func filesWithContent(_ patterns: [String]) -> [Place] {
        files(patterns).filter { tree[$0].map { $0.isFile && $0.size > 0 } ?? false }.map { Place(path: $0) }
    }

    private func unitPlaces(_ recorded: [String], _ contents: [String: [UInt8]]) -> [Place] {
        let units = EnabledUnits(tree: tree, contents: contents)
        return units.added(to: recorded, own: AuditRules.hostKeysUnit).map {
            Place(path: $0, detail: "it was not enabled at the build's end")
        } + units.missing(from: recorded).map { Place(detail: "\($0) is not enabled any more") }
    }

    private func places(of word: AuditRule.Word, _ residue: Residue) -> [Place]? {
        let count: Int?
        switch word {
        case .secrets: count = residue.secrets
        case .hostKey: count = facts.hostKeyLines.isEmpty ? nil : residue.hostKey
        case .buildKey: count = facts.buildKey == nil ? nil : residue.buildKey
        default: count = nil
        }
        return count.map { $0 == 0 ? [] : [Place(detail: "found \($0) times")] }
    }

    private func word(_ word: AuditRule.Word) -> [UInt8]? {
        switch word {
        case .text(let text): Array(text.utf8)
        case .buildUser: Array(facts.buildUser.utf8)
        case .buildKey: facts.buildKey.map { Array($0.utf8) }
        case .hostKey, .secrets: nil
        }
    }

    /// The paths that match patterns, with their words in braces filled in. A pattern that needs the supervisor's directory
    /// matches nothing when that is not known.
    private func files(_ patterns: [String]) -> [String] {
        let paths = patterns.flatMap { pattern -> [String] in
            if pattern.contains("{home}") {
                return users.homes.flatMap { tree.paths(matching: pattern.replacing("{home}", with: $0)) }
            }
            if pattern == "{state}" { return facts.stateDirectory.map { tree.paths(matching: $0) } ?? [] }
            return tree.paths(matching: pattern.replacing("{user}", with: facts.buildUser))
        }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }
}
