/// The sources and the destination of COPY and ADD.
public struct CopyPaths: Sendable, Hashable {
    /// A heredoc among the sources: a file.
    public struct InlineDocument: Sendable, Hashable {
        /// The file's name: the delimiter.
        public var name: String
        /// The content, tabs stripped if `<<-` was written.
        public var content: String
        /// Whether the content is expanded, with ``WordExpander/heredocBodies``.
        public var expands: Bool

        /// Makes a document.
        public init(name: String, content: String, expands: Bool) {
            self.name = name
            self.content = content
            self.expands = expands
        }
    }

    /// The sources that are paths or URLs, in order; expanded.
    public var sources: [String]
    /// The sources that are heredocs, in order: they are copied after the others.
    public var documents: [InlineDocument]
    /// The destination; expanded.
    public var destination: String
}

/// `COPY [flags] SOURCE … DESTINATION`
public struct CopyInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// Sources and destination.
    public var paths: CopyPaths
    /// `--from`: a stage's index or name, a named context or an image; not expanded. Nil: the build context.
    public var from: String?
    /// `--chown`; expanded. Nil when not given or empty.
    public var owner: String?
    /// `--chmod`; expanded. Nil when not given or empty.
    public var mode: String?
    /// `--link`
    public var isLinked: Bool
    /// `--parents`
    public var keepsParents: Bool
    /// `--exclude`, in order; not expanded.
    public var excludes: [String]
}

/// `ADD [flags] SOURCE … DESTINATION`
public struct AddInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// Sources and destination.
    public var paths: CopyPaths
    /// `--chown`; expanded. Nil when not given or empty.
    public var owner: String?
    /// `--chmod`; expanded. Nil when not given or empty.
    public var mode: String?
    /// `--link`
    public var isLinked: Bool
    /// `--keep-git-dir`; nil when not given.
    public var keepsGitDirectory: Bool?
    /// `--checksum`; expanded. Nil when not given or empty.
    public var checksum: String?
    /// `--unpack`; nil when not given: local archives are unpacked, downloaded ones are not.
    public var unpacks: Bool?
    /// `--exclude`, in order; not expanded.
    public var excludes: [String]
}
