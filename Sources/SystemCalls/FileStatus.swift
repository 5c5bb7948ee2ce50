internal import Glibc
public import SystemPackage

/// What `lstat(2)` tells about a file, in this project's units.
public struct FileStatus: Sendable, Hashable {
    /// What kind of thing a directory entry is.
    public enum Kind: Sendable, Hashable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link.
        case symbolicLink
        /// A socket.
        case socket
        /// A pipe or device.
        case other
    }

    /// What kind of thing it is.
    public var kind: Kind
    /// Permission bits with setuid, setgid and sticky: 0–07777.
    public var permissions: UInt16
    /// Size in bytes.
    public var size: Int64
    /// Modification time, nanoseconds since 1970.
    public var modified: Int64
    /// The device that the file is on.
    public var device: UInt64
    /// The file's number on its device.
    public var inode: UInt64
    /// How many names the file has.
    public var linkCount: UInt64

    /// Looks at a path; a symbolic link itself is looked at, not its target.
    /// - Throws: `Errno`, as `lstat(2)` says.
    public init(of path: FilePath) throws {
        var raw = stat()
        let result = unsafe path.withPlatformString { unsafe lstat($0, &raw) }
        guard result == 0 else { throw Errno(rawValue: errno) }
        self.init(raw)
    }

    /// Looks at an open file.
    /// - Throws: `Errno`, as `fstat(2)` says.
    public init(of descriptor: FileDescriptor) throws {
        var raw = stat()
        guard unsafe fstat(descriptor.rawValue, &raw) == 0 else { throw Errno(rawValue: errno) }
        self.init(raw)
    }

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            case S_IFSOCK: .socket
            default: .other
            }
        permissions = UInt16(raw.st_mode & 0o7777)
        size = Int64(raw.st_size)
        modified = Int64(raw.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_mtim.tv_nsec)
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        linkCount = UInt64(raw.st_nlink)
    }
}
