/// One file, directory or link of a build context.
public struct ContextEntry: Sendable, Hashable {
    /// What kind of thing it is.
    public enum Kind: Sendable, Hashable {
        /// A regular file of this many bytes.
        case file(size: Int64)
        /// A directory.
        case directory
        /// A symbolic link with this target, as it is written.
        case symbolicLink(target: String)
        /// A socket, pipe or device.
        case special
        /// Something whose name or link target is no UTF-8 text: a plan cannot speak of it. Its path here is a
        /// description of the name.
        case unnameable
    }

    /// What kind of thing it is.
    public var kind: Kind
    /// Permission bits with setuid, setgid and sticky: 0–07777.
    public var mode: UInt16
    /// Modification time, nanoseconds since 1970.
    public var modified: Int64
    /// Files of the context with the same number here are names of one file (hard links).
    public var linkGroup: Int?
    /// `sha256:` of a file's content, where it has been computed.
    public var digest: String?
    /// Whether the file's content begins as a tar archive does, after decompression; nil where nobody looked.
    public var isArchive: Bool?

    /// Makes an entry.
    public init(
        kind: Kind, mode: UInt16, modified: Int64, linkGroup: Int? = nil, digest: String? = nil, isArchive: Bool? = nil
    ) {
        self.kind = kind
        self.mode = mode
        self.modified = modified
        self.linkGroup = linkGroup
        self.digest = digest
        self.isArchive = isArchive
    }
}
