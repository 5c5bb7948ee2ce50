import GuestSupervisor
import Synchronization

/// A step's end, which comes in time or is brought about: the time runs from the step's own beginning.
final class StepLimit: Sendable {
    private enum Winner: Sendable {
        case ended(StepResult)
        case late
    }

    private let guest: SupervisedGuest
    private let id: String
    private let seconds: Int?
    private let exceeded = Mutex(false)

    /// - Parameter seconds: The limit; nil for none.
    init(guest: SupervisedGuest, id: String, seconds: Int?) {
        self.guest = guest
        self.id = id
        self.seconds = seconds
    }

    /// Whether the step was ended for taking too long.
    var wasExceeded: Bool { exceeded.withLock { $0 } }

    /// The limit in words.
    var text: String {
        let seconds = seconds ?? 0
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
    }

    /// Waits for the step's end; when its time is up, ends it with all its processes.
    func result() async throws -> StepResult {
        guard let seconds else { return try await guest.result(of: id) }
        return try await withThrowingTaskGroup(of: Winner.self) { group in
            group.addTask { .ended(try await self.guest.result(of: self.id)) }
            group.addTask {
                try await self.guest.beginning(of: self.id)
                try await Task.sleep(for: .seconds(seconds))
                return .late
            }
            defer { group.cancelAll() }
            while let winner = try await group.next() {
                switch winner {
                case .ended(let result): return result
                case .late:
                    self.exceeded.withLock { $0 = true }
                    await self.guest.cancel()
                }
            }
            throw CancellationError()
        }
    }
}
