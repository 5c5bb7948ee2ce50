/// Something of the network that an ADD names. The command fetches it before the plan is made: only its content can
/// say what the step's digest is, and a wrong checksum must end the build before there is a machine.
public struct RemoteSource: Sendable, Hashable {
    /// A file behind a web address.
    public struct Download: Sendable, Hashable {
        /// The address, as it is in the Dockerfile once it is expanded.
        public var url: String
        /// The name that the file gets.
        public var name: String
        /// `sha256:` of the content, or nil: anything.
        public var checksum: String?
    }

    /// A git repository at one of its commits.
    public struct Repository: Sendable, Hashable {
        /// Where it is, in a form that git(1) takes.
        public var remote: String
        /// A branch, a tag or a commit; nil: what the server's HEAD names.
        public var reference: String?
        /// The directory of it that is meant; empty: all.
        public var subdirectory = ""
        /// What the commit's name must begin with, or nil.
        public var commit: String?
        /// Whether `.git` stays.
        public var keepsGitDirectory = false
        /// Whether submodules are fetched too.
        public var includesSubmodules = true
    }

    /// What is fetched.
    public enum Kind: Sendable, Hashable {
        /// A file.
        case download(Download)
        /// A repository.
        case repository(Repository)
    }

    /// Names the source in a plan and in ``ContextManifest/fetched``; it holds no password.
    public var identifier: String
    /// What is fetched.
    public var kind: Kind
    /// The lines of the ADD.
    public var lines: LineRange

    init(_ kind: Kind, text: String, lines: LineRange) {
        self.kind = kind
        self.lines = lines
        identifier = Self.withoutPassword(text)
        if case .repository(let repository) = kind, repository.keepsGitDirectory { identifier += " with .git" }
        if case .repository(let repository) = kind, !repository.includesSubmodules {
            identifier += " without submodules"
        }
    }

    /// A URL without user and password; `git@host:path` stays as it is.
    static func withoutPassword(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return text }
        let end = text[scheme.upperBound...].firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? text.endIndex
        guard let at = text[scheme.upperBound..<end].lastIndex(of: "@") else { return text }
        return String(text[..<scheme.upperBound] + text[text.index(after: at)...])
    }
}
