import Glibc
import Synchronization
public import SystemPackage

/// An advisory lock on a file (`flock(2)`), held until ``release()`` or until the value is gone; the kernel releases it
/// when the process dies, however that happens. That is how the death of another `replay` is recognised.
///
/// The descriptor is close-on-exec: a program that is started meanwhile does not keep the lock alive. Locks of one file
/// exclude each other within a process too, since each has its own open file description.
///
/// Whoever holds the exclusive lock may remove the file: the others notice, after they got their lock, that the name
/// leads to another file or to none, and begin anew.
public final class FileLock: Sendable {
    /// Who may hold the lock at the same time.
    public enum Mode: Sendable, Hashable {
        /// Any number of shared holders.
        case shared
        /// One holder, and no shared one.
        case exclusive
    }

    /// The file.
    public let path: FilePath
    /// Who else may hold the lock.
    public let mode: Mode
    private let descriptor: Mutex<FileDescriptor?>

    private init(path: FilePath, mode: Mode, descriptor: FileDescriptor) {
        self.path = path
        self.mode = mode
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Takes the lock, or answers nil when somebody else holds it in a way that excludes this.
    /// The file is created (mode 0600) when it is missing; its directory must exist.
    public static func tryAcquire(_ path: FilePath, _ mode: Mode = .exclusive) throws(SystemCallError) -> FileLock? {
        try acquire(path, mode, operation: (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
    }

    /// Takes the lock and blocks the calling *thread* until it is free: for short critical sections only. Everything else
    /// tries and waits in its own way.
    public static func acquire(_ path: FilePath, _ mode: Mode = .exclusive) throws(SystemCallError) -> FileLock {
        while true {
            if let lock = try acquire(path, mode, operation: mode == .shared ? LOCK_SH : LOCK_EX) { return lock }
        }
    }

    /// Gives the lock back; the file stays. A second call does nothing.
    public func release() {
        let held = descriptor.withLock { held in
            defer { held = nil }
            return held
        }
        // close(2) cannot fail in a way that leaves the lock held.
        try? held?.close()
    }

    /// Removes the file and gives the lock back: for the exclusive holder, when nobody will need the lock again.
    public func remove() {
        // One that cannot be removed is as good as an unlocked one.
        if mode == .exclusive { _ = unsafe path.withPlatformString { unsafe unlink($0) } }
        release()
    }

    private static func acquire(
        _ path: FilePath, _ mode: Mode, operation: CInt
    ) throws(SystemCallError) -> FileLock? {
        while true {
            let descriptor: FileDescriptor
            do {
                descriptor = try FileDescriptor.open(
                    path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
            } catch { throw SystemCallError(errno(of: error), "open the lock file '\(path)'") }
            var keep = false
            defer { if !keep { try? descriptor.close() } }

            guard flock(descriptor.rawValue, operation) == 0 else {
                switch Errno(rawValue: Glibc.errno) {
                case .interrupted: continue
                case .wouldBlock: return nil
                case let code: throw SystemCallError(code, "lock '\(path)'")
                }
            }
            // Between open and flock the former holder may have removed the file: then this is a lock on nothing.
            guard let here = try? descriptor.stat(), let there = try? path.stat(followTargetSymlink: false),
                here.inode == there.inode, here.deviceID == there.deviceID
            else { continue }
            keep = true
            return FileLock(path: path, mode: mode, descriptor: descriptor)
        }
    }
}

/// What swift-system threw, which is always an `Errno`.
func errno(of error: any Error) -> Errno { error as? Errno ?? .ioError }
