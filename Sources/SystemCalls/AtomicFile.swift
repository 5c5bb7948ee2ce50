import Glibc
public import SystemPackage

/// Files that appear whole or not at all, also when the machine loses its power.
public enum AtomicFile {
    /// Writes a file: a temporary one beside it, `fsync`, `rename(2)` over the name, `fsync` of the directory.
    /// On an error the name leads to what it led to before and nothing else is left.
    /// - Parameter isDurable: Without it nothing waits for the disk: the file is whole when this process dies, and perhaps
    ///   not when the machine does.
    public static func write(
        _ bytes: some Sequence<UInt8>, to path: FilePath, permissions: FilePermissions = [.ownerReadWrite],
        isDurable: Bool = true
    ) throws(SystemCallError) {
        let temporary = FilePath("\(path).\(UInt64.random(in: 0...UInt64.max)).tmp")
        do {
            let file = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: permissions)
            do {
                try file.closeAfter {
                    try file.writeAll(bytes)
                    guard !isDurable || fsync(file.rawValue) == 0 else { throw Errno(rawValue: Glibc.errno) }
                }
                try rename(temporary, to: path, isDurable: isDurable)
            } catch {
                _ = unsafe temporary.withPlatformString { unsafe unlink($0) }
                throw error
            }
        } catch let error as SystemCallError {
            throw error
        } catch { throw SystemCallError(errno(of: error), "write '\(path)'") }
    }

    /// Renames a file or a directory on one file system (`rename(2)`) and, unless told otherwise, makes the new name durable.
    /// An existing file, or an existing empty directory, of the new name is replaced.
    public static func rename(
        _ old: FilePath, to new: FilePath, isDurable: Bool = true
    ) throws(SystemCallError) {
        let status = unsafe old.withPlatformString { old in
            unsafe new.withPlatformString { new in unsafe Glibc.rename(old, new) }
        }
        guard status == 0 else {
            throw SystemCallError(Errno(rawValue: Glibc.errno), "rename '\(old)' to '\(new)'")
        }
        if isDurable { try synchronize(new.removingLastComponent()) }
    }

    /// Waits until a file's content, or a directory's list of names, is on the disk (`fsync(2)`).
    public static func synchronize(_ path: FilePath) throws(SystemCallError) {
        do {
            // An empty path is the parent of a bare name.
            let file = try FileDescriptor.open(path.isEmpty ? "." : path, .readOnly, options: [.closeOnExec])
            try file.closeAfter {
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: Glibc.errno) }
            }
        } catch { throw SystemCallError(errno(of: error), "synchronize '\(path)'") }
    }
}
