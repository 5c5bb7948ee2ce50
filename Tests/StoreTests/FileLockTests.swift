import Foundation
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@Suite struct FileLockTests {
    let scratch: ScratchDirectory
    let path: FilePath

    init() throws {
        scratch = try ScratchDirectory()
        path = scratch.path.appending("x.lock")
    }

    @Test(arguments: [
        (FileLock.Mode.exclusive, FileLock.Mode.exclusive, false), (.exclusive, .shared, false),
        (.shared, .exclusive, false), (.shared, .shared, true),
    ])
    func `two holders exclude each other unless both share`(
        first: FileLock.Mode, second: FileLock.Mode, together: Bool
    ) throws {
        let held = try #require(try FileLock.tryAcquire(path, first))
        #expect((try FileLock.tryAcquire(path, second) != nil) == together)
        held.release()
        #expect(try FileLock.tryAcquire(path, second) != nil)
    }

    @Test func `the end of the value releases the lock`() throws {
        do { _ = try FileLock.acquire(path) }
        #expect(try FileLock.tryAcquire(path) != nil)
    }

    @Test func `blocking waits for the holder and does not take the lock of a removed file`() async throws {
        let path = path
        let held = try FileLock.acquire(path)
        async let waited: FileLock = withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try FileLock.acquire(path) })
            }
        }
        try FileManager.default.removeItem(atPath: path.string)
        held.release()
        let second = try await waited
        #expect(FileManager.default.fileExists(atPath: path.string))
        #expect(try FileLock.tryAcquire(path) == nil)
        second.release()
    }

    @Test func `a directory that is missing is said`() throws {
        let error = #expect(throws: SystemCallError.self) { try FileLock.tryAcquire("/nonexistent/x.lock") }
        #expect(error?.code == .noSuchFileOrDirectory)
        #expect(error?.description.contains("/nonexistent/x.lock") == true)
    }

    @Test func `a symbolic link is not followed`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: path.string, withDestinationPath: scratch.path.appending("y").string)
        #expect(throws: SystemCallError.self) { try FileLock.tryAcquire(path) }
    }

    @Test func `an atomic write replaces the file and leaves no other`() throws {
        let file = scratch.path.appending("f")
        try AtomicFile.write("one".utf8, to: file)
        try AtomicFile.write("two".utf8, to: file)
        #expect(try String(contentsOfFile: file.string, encoding: .utf8) == "two")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.string) == ["f"])
        try FileManager.default.createDirectory(atPath: file.string + "d", withIntermediateDirectories: false)
        #expect(throws: SystemCallError.self) { try AtomicFile.write("x".utf8, to: FilePath(file.string + "d")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path.string).sorted() == ["f", "fd"])
    }

    @Test func `a process is itself and no other`() throws {
        let me = try #require(ProcessIdentity.current)
        #expect(me.isAlive)
        #expect(ProcessIdentity(me.description) == me)
        #expect(!ProcessIdentity(identifier: me.identifier, startTime: me.startTime + 1).isAlive)
        #expect(ProcessIdentity("12") == nil)
        #expect(ProcessIdentity("-3:4") == nil)
    }
}
