internal import Glibc
public import SystemPackage

/// One entry of a directory.
public struct DirectoryItem: Sendable, Hashable {
    /// The name's bytes, which are text in no particular encoding.
    public var name: [UInt8]
    /// What the entry is; a link itself, not its target.
    public var status: FileStatus
}

extension FileStatus {
    /// Everything in a directory but `.` and `..`, in the order of the names' bytes. Entries that vanish while the
    /// directory is read are left out.
    /// - Throws: `Errno`, as `open(2)`, `readdir(3)` and `fstatat(2)` say.
    public static func items(in directory: FilePath) throws -> [DirectoryItem] {
        guard let stream = unsafe directory.withPlatformString({ unsafe opendir($0) }) else {
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(stream) }
        let descriptor = unsafe dirfd(stream)
        var items: [DirectoryItem] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw Errno(rawValue: errno) }
                break
            }
            let name = unsafe nameBytes(of: entry)
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            var raw = stat()
            guard unsafe fstatat(descriptor, nameStart(of: entry), &raw, AT_SYMLINK_NOFOLLOW) == 0 else {
                if errno == ENOENT { continue }
                throw Errno(rawValue: errno)
            }
            items.append(DirectoryItem(name: name, status: FileStatus(raw)))
        }
        return items.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// The target of a symbolic link, as it is written.
    /// - Throws: `Errno`, as `readlink(2)` says; `noMemory` for a target longer than the system allows.
    public static func target(ofLink path: FilePath) throws -> [UInt8] {
        let capacity = Int(PATH_MAX) + 1
        var length = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            length = unsafe path.withPlatformString { name in
                unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                    guard let start = text.baseAddress else { return -1 }
                    return unsafe readlink(name, start, capacity)
                }
            }
            count = max(0, length)
        }
        guard length >= 0 else { throw Errno(rawValue: errno) }
        guard length < capacity else { throw Errno.noMemory }
        return bytes
    }

    /// Sets a file's modification time (and its access time to the same), in nanoseconds since 1970; of a link itself,
    /// not its target.
    /// - Throws: `Errno`, as `utimensat(2)` says.
    public static func setModified(_ nanoseconds: Int64, of path: FilePath) throws {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let time =
            rest < 0
            ? timespec(tv_sec: Int(seconds - 1), tv_nsec: Int(rest + 1_000_000_000))
            : timespec(tv_sec: Int(seconds), tv_nsec: Int(rest))
        let result = unsafe path.withPlatformString { name in
            unsafe [time, time].withUnsafeBufferPointer { times in
                unsafe utimensat(AT_FDCWD, name, times.baseAddress, AT_SYMLINK_NOFOLLOW)
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    private static func nameStart(of entry: UnsafeMutablePointer<dirent>) -> UnsafePointer<CChar> {
        // Within the entry as readdir laid it out: importing d_name as a tuple would copy 256 bytes of it.
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
        return unsafe UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
    }

    private static func nameBytes(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        let start = unsafe nameStart(of: entry)
        let length = unsafe strlen(start)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
    }
}
