internal import DockerfileLanguage

/// Reads the addresses of git repositories in ADD: `ADDRESS[#REF[:DIRECTORY]]`, or with a query (`dfgitutil` in BuildKit).
enum GitReference {
    /// - Parameters:
    ///   - text: What ``GitSource/isRepository(_:)`` accepts.
    ///   - checksum: `--checksum`, or nil.
    ///   - keepsGitDirectory: `--keep-git-dir`; nil when it was not given.
    /// - Throws: ``PlanError`` without lines.
    static func parse(
        _ text: String, checksum: String?, keepsGitDirectory: Bool?
    ) throws(PlanError) -> RemoteSource.Repository {
        var address = Substring(text)
        var fragment: Substring?
        if let hash = address.firstIndex(of: "#") {
            fragment = address[address.index(after: hash)...]
            address = address[..<hash]
        }
        var query: Substring?
        if address.contains("://"), let mark = address.firstIndex(of: "?") {
            query = address[address.index(after: mark)...]
            address = address[..<mark]
        }
        var repository = RemoteSource.Repository(remote: String(address), commit: checksum)
        if let fragment, !fragment.isEmpty {
            let parts = fragment.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            repository.reference = parts[0].isEmpty ? nil : String(parts[0])
            if parts.count == 2 { repository.subdirectory = String(parts[1]) }
        }
        var keeps: Bool?
        for field in (query ?? "").split(separator: "&") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard let value = GitSource.percentDecoded(parts.count == 2 ? String(parts[1]) : "") else {
                throw wrong(text, "\(field) is not encoded as a query must be")
            }
            try apply(key, value, to: &repository, keeps: &keeps, text: text)
        }
        if let keeps, let keepsGitDirectory, keeps != keepsGitDirectory {
            throw wrong(text, "--keep-git-dir and its keep-git-dir= contradict each other")
        }
        repository.keepsGitDirectory = keepsGitDirectory ?? keeps ?? false
        if repository.reference == nil { repository.reference = repository.commit }
        return repository
    }

    private static func apply(
        _ key: String, _ value: String, to repository: inout RemoteSource.Repository, keeps: inout Bool?, text: String
    ) throws(PlanError) {
        switch key {
        case "ref", "tag", "branch":
            let prefix = key == "tag" ? "refs/tags/" : key == "branch" ? "refs/heads/" : ""
            let reference = value.hasPrefix(prefix) ? value : prefix + value
            guard repository.reference.map({ $0 == reference || prefix + $0 == reference }) ?? true else {
                throw wrong(text, "it names two references")
            }
            repository.reference = reference
        case "subdir":
            guard repository.subdirectory.isEmpty || repository.subdirectory == value else {
                throw wrong(text, "it names two directories")
            }
            repository.subdirectory = value
        case "checksum", "commit":
            guard repository.commit == nil || repository.commit == value else {
                throw wrong(text, "it names two commits")
            }
            repository.commit = value
        case "keep-git-dir": keeps = try bool(value, key, text)
        case "submodules": repository.includesSubmodules = try bool(value, key, text)
        case "mtime" where value == "checkout": break
        case "mtime", "fetch-by-commit": throw wrong(text, "\(key)=\(value) is not supported")
        default: throw wrong(text, "its query has the unknown key '\(key)'")
        }
    }

    private static func bool(_ value: String, _ key: String, _ text: String) throws(PlanError) -> Bool {
        switch value.lowercased() {
        case "", "1", "t", "true": return true
        case "0", "f", "false": return false
        default: throw wrong(text, "\(key)= is true or false, not \(value)")
        }
    }

    private static func wrong(_ text: String, _ why: String) -> PlanError {
        PlanError(
            .argument, "The git repository \(RemoteSource.withoutPassword(text)) cannot be read: \(why).",
            highlight: text)
    }
}
