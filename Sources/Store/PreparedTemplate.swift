import Clouds
import FoundationEssentials
import Synchronization
import SystemCalls
public import SystemPackage

/// A template in the making: a directory that nobody sees yet. It is removed when the value is gone and was not published.
public final class PreparedTemplate: Sendable {
    /// The identifier that the template will have.
    public let identifier: String
    /// Where its files are to be put. Regular files and directories only.
    public let directory: FilePath
    private let lock: FileLock
    private let isOver = Mutex(false)

    init(identifier: String, directory: FilePath, lock: FileLock) {
        self.identifier = identifier
        self.directory = directory
        self.lock = lock
    }

    deinit { discard() }

    /// Removes the directory with all that is in it. Does nothing after the publication, or a second time.
    public func discard() {
        guard end() else { return }
        try? FileManager.default.removeItem(atPath: directory.string)
        lock.remove()
    }

    /// The lock's file stays: those who use the template lock it.
    func published() {
        if end() { lock.release() }
    }

    private func end() -> Bool {
        isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
    }

    /// The name of an image that lies in this directory; nil for an image that is somewhere else.
    func fileName(of image: CloudImage) -> String? {
        var path = FilePath(image.reference).lexicallyNormalized()
        guard path.removePrefix(directory.lexicallyNormalized()), !path.isEmpty else { return nil }
        return path.string
    }
}
