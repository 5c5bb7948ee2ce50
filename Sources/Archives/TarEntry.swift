/// One member of a tar archive, without its content.
public struct TarEntry: Sendable, Hashable {
    /// What kind of thing it is.
    public enum Kind: Sendable, Hashable {
        /// A regular file with this many bytes of content.
        case file(size: Int64)
        /// A directory.
        case directory
        /// A symbolic link with this target, stored as it is.
        case symbolicLink(target: String)
        /// Another name for an earlier member of the archive, which is named by its path there.
        case hardLink(target: String)
        /// A socket, pipe or device. It is only ever read: writing one is an error.
        case special
    }

    /// The member's name: `etc/hosts`, without a leading slash unless one is wished for. Names may be of any length.
    public var path: String
    /// What kind of thing it is.
    public var kind: Kind
    /// Permission bits with setuid, setgid and sticky: 0–07777.
    public var mode: UInt16
    /// The owner's number.
    public var userID: UInt32
    /// The group's number.
    public var groupID: UInt32
    /// Modification time, nanoseconds since 1970.
    public var modified: Int64

    /// Makes an entry.
    public init(path: String, kind: Kind, mode: UInt16, userID: UInt32 = 0, groupID: UInt32 = 0, modified: Int64 = 0) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.modified = modified
    }

    /// The number of content bytes that follow the header; 0 for everything but regular files.
    public var contentSize: Int64 {
        if case .file(let size) = kind { size } else { 0 }
    }
}
