/// What names a build context that is not a directory of this machine.
public enum ContextReference {
    /// What a text on the command line names: a git repository or a web address; nil for a path.
    ///
    /// As in BuildKit, `github.com/…` is a repository too, while ADD takes it for a path.
    /// - Throws: ``PlanError`` when the address of a repository cannot be read.
    public static func remote(_ text: String) throws(PlanError) -> RemoteSource? {
        let address = text.hasPrefix("github.com/") ? "https://" + text + (hasGitSuffix(text) ? "" : ".git") : text
        let lines = LineRange(first: 1, last: 1)
        if GitSource.isRepository(address) {
            let repository = try GitReference.parse(address, checksum: nil, keepsGitDirectory: nil)
            return RemoteSource(.repository(repository), text: text, lines: lines)
        }
        guard GitSource.isDownload(address) else { return nil }
        let name = GitSource.fileName(ofURL: address)
        return RemoteSource(
            .download(RemoteSource.Download(url: address, name: name == ".." ? "context" : name, checksum: nil)),
            text: text, lines: lines)
    }

    private static func hasGitSuffix(_ text: String) -> Bool {
        text.prefix { $0 != "#" && $0 != "?" }.hasSuffix(".git") || text.contains("#") || text.contains("?")
    }

    /// The last part of the address, for a template's name: `https://host/team/web.git#main:docker` is `web`.
    public static func name(_ text: String) -> String {
        let path = RemoteSource.withoutPassword(text).prefix { $0 != "#" && $0 != "?" }
        let last = path.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? ""
        let endings = [".git", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tar"]
        let ending = endings.first { last.hasSuffix($0) && last.count > $0.count }
        return String(last.dropLast(ending?.count ?? 0))
    }

    /// Where a named context is in ``ContextManifest/fetched``.
    public static func identifier(named name: String) -> String { "build context \(name)" }
}
