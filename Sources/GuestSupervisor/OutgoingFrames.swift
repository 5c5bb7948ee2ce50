import RemoteHosts
import Synchronization

/// What one connection sends: small frames first, and chunks of uploads while there is nothing else to say.
///
/// A cancellation so waits for one chunk at most, and for what the transport has taken already.
final class OutgoingFrames: InputSource {
    private struct State {
        var current: [UInt8] = []
        var offset = 0
        var waiting: [[UInt8]] = []
        var finished = false
        var waker: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let bulk: @Sendable () -> [UInt8]?

    /// Makes a source; `bulk` gives the next chunk of an upload, when there is one.
    init(first: [UInt8], bulk: @escaping @Sendable () -> [UInt8]?) {
        self.bulk = bulk
        state.withLock { $0.current = first }
    }

    /// Sends a small frame before all chunks that are not under way yet.
    func send(_ frame: [UInt8]) {
        state.withLock { state in
            state.waiting.append(frame)
            return state.waker
        }?()
    }

    /// Says that an upload may have something to send.
    func wake() { state.withLock { $0.waker }?() }

    /// Ends the input after what was sent.
    func finish() {
        state.withLock { state in
            state.finished = true
            return state.waker
        }?()
    }

    func read(upTo maximum: Int) -> InputRead {
        let (taken, ended) = state.withLock { state -> ([UInt8]?, Bool) in
            if state.offset == state.current.count, !state.waiting.isEmpty {
                state.current = state.waiting.count == 1 ? state.waiting[0] : Array(state.waiting.joined())
                state.waiting = []
                state.offset = 0
            }
            return (take(maximum, &state), state.finished)
        }
        if let taken { return .bytes(taken) }
        if ended { return .end }
        // Outside the lock: reading a chunk may take as long as a disk does.
        guard let chunk = bulk() else {
            return state.withLock { $0.waiting.isEmpty } ? .pending : read(upTo: maximum)
        }
        let first = state.withLock { state in
            state.current = chunk
            state.offset = 0
            return take(maximum, &state)
        }
        return first.map(InputRead.bytes) ?? .pending
    }

    private func take(_ maximum: Int, _ state: inout State) -> [UInt8]? {
        guard state.offset < state.current.count else { return nil }
        let end = min(state.offset + maximum, state.current.count)
        defer { state.offset = end }
        if state.offset == 0, end == state.current.count { return state.current }
        return Array(state.current[state.offset..<end])
    }

    func setWaker(_ waker: @escaping @Sendable () -> Void) { state.withLock { $0.waker = waker } }
}
