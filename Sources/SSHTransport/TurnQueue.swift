import Synchronization

/// A fair lock for tasks: who waits is resumed in order, and stops waiting at once when it is cancelled.
///
/// The connection's actor serialises by itself, but a job that waits for its queue cannot be cancelled.
package final class TurnQueue: Sendable {
    private struct State {
        var isTaken = false
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs the body when all who came earlier have finished.
    /// - Throws: `CancellationError` when the task is cancelled while it waits; what the body throws.
    package func withTurn<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await take()
        defer { pass() }
        return try await body()
    }

    private func take() async throws {
        let ticket = state.withLock { state -> Int? in
            guard state.isTaken else {
                state.isTaken = true
                return nil
            }
            defer { state.nextTicket += 1 }
            return state.nextTicket
        }
        guard let ticket else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer = state.withLock { state -> Swift.Result<Void, any Error>? in
                    if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
                    guard state.isTaken else {
                        state.isTaken = true
                        return .success(())
                    }
                    state.waiting.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            continuation?.resume(throwing: CancellationError())
        }
        // Cancelled after it was resumed: the mark would stay for ever.
        _ = state.withLock { $0.cancelled.remove(ticket) }
    }

    private func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
