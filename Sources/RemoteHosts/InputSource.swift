import Synchronization

/// What an ``InputSource`` answers when it is asked for bytes.
public enum InputRead: Sendable, Equatable {
    /// Some bytes, at least one and at most as many as asked for.
    case bytes([UInt8])
    /// Nothing now; the waker is called when that changes.
    case pending
    /// Nothing ever again: the remote command sees end of file.
    case end
}

/// Bytes for a remote command's standard input, pulled when the connection has room: constant memory for any size.
///
/// A transport calls `read` on its own queue, never two at a time. `read` must not wait for anything slower than
/// a local disk; a source whose bytes come from elsewhere answers `.pending` and calls its waker later.
public protocol InputSource: Sendable {
    /// The next bytes. An error ends the command's run with that error.
    func read(upTo maximum: Int) throws -> InputRead
    /// Sets the function to call (from any thread) when a source that answered `.pending` has news.
    func setWaker(_ waker: @escaping @Sendable () -> Void)
}

/// No input: the command sees end of file at once.
public struct EmptyInput: InputSource {
    /// Makes the empty source.
    public init() {}
    /// Answers `.end`.
    public func read(upTo maximum: Int) -> InputRead { .end }
    /// Does nothing: this source never pends.
    public func setWaker(_ waker: @escaping @Sendable () -> Void) {}
}

/// Input that is already in memory.
public final class BytesInput: InputSource {
    private let bytes: [UInt8]
    private let offset = Mutex(0)

    /// Makes a source of these bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Makes a source of the string's UTF-8 bytes.
    public convenience init(_ text: String) { self.init(Array(text.utf8)) }

    /// The next bytes, then `.end`.
    public func read(upTo maximum: Int) -> InputRead {
        offset.withLock { offset in
            guard offset < bytes.count else { return .end }
            let end = min(offset + maximum, bytes.count)
            defer { offset = end }
            return .bytes(Array(bytes[offset..<end]))
        }
    }

    /// Does nothing: this source never pends.
    public func setWaker(_ waker: @escaping @Sendable () -> Void) {}
}

/// Input that is written while the command runs, as a conversation over one channel needs.
///
/// `write` never waits; a writer that could fill memory looks at ``backlog`` first.
public final class InputPipe: InputSource {
    private struct State {
        var chunks: [[UInt8]] = []
        var first = 0
        var offset = 0
        var backlog = 0
        var finished = false
        var waker: (@Sendable () -> Void)?
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Makes an empty, open pipe.
    public init() {}

    /// The number of bytes written and not yet taken by the transport.
    public var backlog: Int { state.withLock { $0.backlog } }

    /// Appends bytes. Writing after `finish` is ignored, as the reader is gone.
    public func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let waker = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.finished else { return nil }
            state.chunks.append(bytes)
            state.backlog += bytes.count
            return state.waker
        }
        waker?()
    }

    /// Ends the input after what was written.
    public func finish() {
        let (waker, waiting) = state.withLock { state in
            state.finished = true
            defer { state.drained = [] }
            return (state.waker, state.drained)
        }
        waker?()
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when at most `limit` bytes wait in the pipe, or it is finished.
    public func waitForBacklog(atMost limit: Int) async {
        while true {
            let done = state.withLock { $0.finished || $0.backlog <= limit }
            if done { return }
            await withCheckedContinuation { continuation in
                let resumeNow = state.withLock { state in
                    if state.finished || state.backlog <= limit { return true }
                    state.drained.append(continuation)
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        }
    }

    /// The next bytes, `.pending` while open and empty, `.end` after `finish`.
    public func read(upTo maximum: Int) -> InputRead {
        let (answer, waiting) = state.withLock { state -> (InputRead, [CheckedContinuation<Void, Never>]) in
            guard state.first < state.chunks.count else { return (state.finished ? .end : .pending, []) }
            let chunk = state.chunks[state.first]
            let end = min(state.offset + maximum, chunk.count)
            let bytes = state.offset == 0 && end == chunk.count ? chunk : Array(chunk[state.offset..<end])
            if end == chunk.count {
                state.chunks[state.first] = []
                state.first += 1
                state.offset = 0
                if state.first == state.chunks.count {
                    state.chunks.removeAll(keepingCapacity: true)
                    state.first = 0
                }
            } else {
                state.offset = end
            }
            state.backlog -= bytes.count
            defer { state.drained = [] }
            return (.bytes(bytes), state.drained)
        }
        for continuation in waiting { continuation.resume() }
        return answer
    }

    /// Sets the function to call when bytes arrive or the pipe is finished.
    public func setWaker(_ waker: @escaping @Sendable () -> Void) {
        state.withLock { $0.waker = waker }
    }
}
