import FoundationEssentials
import GuestSupervisor
import ReplayPlan
import Synchronization
import SystemCalls
public import SystemPackage

/// How far a build has come, in a file: enough for another process to go on at the same step and at the same byte of its log.
///
/// Written before what it says is acted upon: before steps are queued, and before the guest is told that output has been
/// received and may be forgotten.
public final class BuildProgress: Sendable {
    struct QueuedStep: Codable, Hashable {
        /// Its name on the guest.
        var id: String
        var number: Int
        var label: String
        var digest: String
    }

    struct Content: Codable {
        /// Counted from 1: a later attempt runs steps that an earlier one left unfinished.
        var attempt = 1
        /// The plan's steps, those of earlier attempts too.
        var steps: [QueuedStep] = []
        var position = GuestPosition()
        /// The size of the build's log when the position was noted, in bytes.
        var logSize: Int64 = 0
    }

    /// The file.
    public let path: FilePath
    private let content: Mutex<Content>

    private init(path: FilePath, content: Content) {
        self.path = path
        self.content = Mutex(content)
    }

    /// The progress of a build that begins. Nothing is written yet.
    public convenience init(newAt path: FilePath) { self.init(path: path, content: Content()) }

    /// The progress of a build that another process began, from its file; a missing file is a build that had not come far.
    /// - Throws: ``ReplayError`` with ``ReplayError/Code/progressUnreadable``.
    public convenience init(readingFrom path: FilePath) throws {
        do {
            let bytes = try SmallFile.read(path)
            self.init(path: path, content: try JSONDecoder().decode(Content.self, from: Data(bytes)))
        } catch let error as SystemCallError where error.code == .noSuchFileOrDirectory {
            self.init(newAt: path)
        } catch {
            throw ReplayError(
                .progressUnreadable, "How far the build has come cannot be read from '\(path)'.", cause: error)
        }
    }

    var current: Content { content.withLock { $0 } }

    /// Notes what is about to be queued.
    /// - Parameters:
    ///   - kept: How many steps of earlier attempts are done and count.
    ///   - steps: What is queued behind them.
    func note(attempt: Int, keeping kept: Int, steps: [QueuedStep]) throws {
        try change {
            $0.attempt = attempt
            $0.steps = Array($0.steps.prefix(kept)) + steps
        }
    }

    /// Notes how far the guest has been followed, and how large the log is with all that came before.
    func note(_ position: GuestPosition, logSize: Int64) throws {
        try change {
            $0.position = position
            $0.logSize = logSize
        }
    }

    private func change(_ body: (inout Content) -> Void) throws {
        let content = content.withLock { content in
            body(&content)
            return content
        }
        // The machine that it is about does not survive this one's crash, or can be asked again: nothing to wait for.
        try AtomicFile.write(JSONEncoder().encode(content), to: path, isDurable: false)
    }
}
