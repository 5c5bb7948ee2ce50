/// What a build context holds, after `.dockerignore`: names and metadata, no contents.
public struct ContextManifest: Sendable, Hashable {
    /// The entries by path. A path is relative to the context's root, without leading `/` or `./`.
    public var entries: [String: ContextEntry]

    /// Makes a manifest.
    public init(entries: [String: ContextEntry]) { self.entries = entries }
}

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
    }

    /// What kind of thing it is.
    public var kind: Kind
    /// Permission bits with setuid, setgid and sticky: 0–07777.
    public var mode: UInt16
    /// Modification time, nanoseconds since 1970.
    public var modified: Int64
    /// `sha256:` of a file's content, where it has been computed.
    public var digest: String?
    /// Whether the file's content begins as a tar archive does, after decompression; nil where nobody looked.
    public var isArchive: Bool?

    /// Makes an entry.
    public init(kind: Kind, mode: UInt16, modified: Int64, digest: String? = nil, isArchive: Bool? = nil) {
        self.kind = kind
        self.mode = mode
        self.modified = modified
        self.digest = digest
        self.isArchive = isArchive
    }
}
