import Glibc
public import SystemPackage

/// How much room a file system has.
public enum FileSystemSpace {
    /// Bytes that an unprivileged user may still write to the file system that holds a path (`statvfs(3)`).
    public static func available(at path: FilePath) throws(SystemCallError) -> Int64 {
        var answer = statvfs()
        let status = unsafe path.withPlatformString { unsafe statvfs($0, &answer) }
        guard status == 0 else { throw SystemCallError(Errno(rawValue: Glibc.errno), "look at the space of '\(path)'") }
        return Int64(answer.f_bavail) * Int64(answer.f_frsize)
    }
}

/// Questions about files that cost one system call.
public enum FileAccess {
    /// Whether this process may read and write a file (`access(2)`).
    public static func canReadAndWrite(_ path: FilePath) -> Bool {
        unsafe path.withPlatformString { unsafe access($0, R_OK | W_OK) } == 0
    }

    /// Whether this process may run a file.
    public static func canRun(_ path: FilePath) -> Bool {
        unsafe path.withPlatformString { unsafe access($0, X_OK) } == 0
    }
}
