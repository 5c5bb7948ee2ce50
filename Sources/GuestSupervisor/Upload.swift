import RemoteHosts
import Synchronization

/// One file on its way to the guest, in chunks that are kept until the guest says that they are stored.
///
/// Chunks name their place in the file, so it does not matter in which order and over which connection they come, nor
/// whether one comes twice: a lost connection costs nothing but the chunks that were under way on it. What the guest
/// has already, from this upload or from one of the same name before, is not sent again.
final class Upload: Sendable {
    /// What frames and answers call it: the name of the file on the guest, `:`, and a word that tells this upload from earlier
    /// ones of the same file, of which something may still be under way.
    let name: String
    /// Comes when the guest has all of it.
    let completed = Promise<Int64>()

    private struct Chunk {
        var offset: Int64
        var bytes: [UInt8]
        /// The connection that carries it; nil when it is to be sent (again).
        var lane: Int?
        var sent: ContinuousClock.Instant

        var end: Int64 { offset + Int64(bytes.count) }
    }

    private struct State {
        /// What was read and not yet stored, in order.
        var chunks: [Chunk] = []
        var readOffset: Int64 = 0
        var stored: Int64 = 0
        var ended = false
        /// How much the guest had when it was asked: all before it is read here and not sent.
        var known: Int64 = 0
        var asked: ContinuousClock.Instant?
        /// Whether the guest has answered once: before that it takes no chunk for this upload's.
        var isKnown = false
        /// How long the guest took to answer: what a window is divided by.
        var roundTrip: Duration?
        /// The end, on the guest's disk, of what it would have after a change of clients.
        var marked: Int64 = 0
        var commitSent = false
        var chunkSize = 128 * 1024
        /// Whether further connections carry it too.
        var isShared = false
    }

    private static let smallestChunk = 32 * 1024
    private static let largestChunk = 2048 * 1024
    /// On one connection: while the guest stores one, the next one comes.
    private static let chunksUnderWay = 2
    /// The same when further connections carry chunks too: about sshd's window on each, so that all of them together do not
    /// take the client much memory. Each chunk is there twice, as long as it waits to be sent.
    private static let largestSharedChunk = 512 * 1024
    private static let sharedChunksUnderWay = 4
    private static let markInterval: Int64 = 16 << 20
    /// How much of what the guest has is read at once, so that the connection's queue is not held up.
    private static let skippedAtOnce = 8 << 20
    /// An upload of this size over this round trip is held up by sshd's window of 2 MiB.
    private static let worthFurtherConnections: (size: Int64, roundTrip: Duration) = (4 << 20, .milliseconds(20))

    private let source: any InputSource
    private let digest: @Sendable () -> String?
    private let progress: @Sendable (Int64) -> Void
    private let waker: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        blob: String, source: any InputSource, digest: @escaping @Sendable () -> String?,
        progress: @escaping @Sendable (Int64) -> Void,
        waker: @escaping @Sendable () -> Void
    ) {
        name = "\(blob):" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
        self.source = source
        self.digest = digest
        self.progress = progress
        self.waker = waker
        source.setWaker(waker)
    }

    /// The next frame to send over one connection (0 is the one with the conversation), or nil when there is none now.
    func nextFrame(lane: Int) -> [UInt8]? {
        guard !completed.isResolved else { return nil }
        do {
            return try state.withLock { state in
                if lane != 0 {
                    guard state.isKnown else { return nil }
                    state.isShared = true
                }
                if lane == 0, state.asked == nil {
                    state.asked = .now
                    return Frame.bytes("have", name)
                }
                if let index = state.chunks.firstIndex(where: { $0.lane == nil }) {
                    return put(&state.chunks[index], lane)
                }
                let limit = state.isShared ? Self.sharedChunksUnderWay : Self.chunksUnderWay
                if !state.ended, state.chunks.count(where: { $0.lane == lane }) < limit, try readChunk(&state) {
                    return put(&state.chunks[state.chunks.count - 1], lane)
                }
                return lane == 0 ? mark(&state) ?? commit(&state) : nil
            }
        } catch {
            completed.fail(error)
            return Frame.bytes("discard", name)
        }
    }

    private func put(_ chunk: inout Chunk, _ lane: Int) -> [UInt8] {
        chunk.lane = lane
        chunk.sent = .now
        return Frame.bytes("put", name, String(chunk.offset), payload: chunk.bytes)
    }

    /// Fills one chunk from the source; false when the source has nothing now or has ended.
    private func readChunk(_ state: inout State) throws -> Bool {
        var bytes: [UInt8] = []
        var skipped = 0
        reading: while bytes.count < state.chunkSize {
            switch try source.read(upTo: state.chunkSize - bytes.count) {
            case .bytes(let more):
                if state.readOffset < state.known {
                    let count = min(more.count, Int(state.known - state.readOffset))
                    state.readOffset += Int64(count)
                    state.stored += Int64(count)
                    skipped += count
                    if count < more.count { bytes = Array(more[count...]) }
                    if skipped < Self.skippedAtOnce { continue reading }
                    waker()
                    break reading
                }
                if bytes.isEmpty { bytes = more } else { bytes += more }
            case .pending: break reading
            case .end:
                state.ended = true
                break reading
            }
        }
        guard !bytes.isEmpty else { return false }
        state.chunks.append(Chunk(offset: state.readOffset, bytes: bytes, lane: nil, sent: .now))
        state.readOffset += Int64(bytes.count)
        return true
    }

    /// Tells the guest how much it has without a gap, for a client that comes after this one.
    private func mark(_ state: inout State) -> [UInt8]? {
        let end = state.chunks.first?.offset ?? state.readOffset
        guard end - state.marked >= Self.markInterval else { return nil }
        state.marked = end
        return Frame.bytes("mark", name, String(end))
    }

    /// After the last chunk. What goes over this connection comes before it; what goes over others must have come.
    private func commit(_ state: inout State) -> [UInt8]? {
        guard state.ended, !state.commitSent, state.chunks.allSatisfy({ $0.lane == 0 }) else { return nil }
        state.commitSent = true
        let digest = digest().map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
        return Frame.bytes("commit", name, String(state.readOffset), digest ?? "-")
    }

    /// Whether further connections would speed it up.
    var wantsFurtherConnections: Bool {
        state.withLock { state in
            let (size, roundTrip) = Self.worthFurtherConnections
            return !state.ended && state.readOffset >= size && state.roundTrip.map { $0 >= roundTrip } == true
        }
    }

    /// The guest has stored the chunk at this offset.
    func stored(_ offset: Int64) {
        let stored = state.withLock { state in
            if let index = state.chunks.firstIndex(where: { $0.offset == offset }) {
                let chunk = state.chunks.remove(at: index)
                state.stored += Int64(chunk.bytes.count)
                Self.adapt(&state, to: ContinuousClock.now - chunk.sent)
            }
            return state.stored
        }
        progress(stored)
        // The end may have waited for it.
        waker()
    }

    /// Chunks grow while they are stored quickly and shrink on a slow link, where a cancellation must not wait behind them. Each
    /// costs the guest a process, an emulated one 0.2 s: shorter times than these would make it shrink them for that alone.
    private static func adapt(_ state: inout State, to delay: Duration) {
        if delay < .seconds(1) {
            state.chunkSize *= 2
        } else if delay > .seconds(2) {
            state.chunkSize /= 2
        }
        let largest = state.isShared ? largestSharedChunk : largestChunk
        state.chunkSize = min(max(state.chunkSize, smallestChunk), largest)
    }

    /// A connection is gone: what it carried is to be sent again. With the conversation's own, all are.
    func lost(lane: Int) {
        state.withLock { state in
            for index in state.chunks.indices where lane == 0 || state.chunks[index].lane == lane {
                state.chunks[index].lane = nil
            }
            guard lane == 0 else { return }
            state.asked = nil
            state.commitSent = false
        }
    }

    /// The guest's answer to `have`: it has everything up to here.
    func known(_ offset: Int64) {
        state.withLock { state in
            state.isKnown = true
            state.roundTrip = state.asked.map { ContinuousClock.now - $0 }
            state.known = max(state.known, offset)
            state.marked = max(state.marked, offset)
            state.chunks.removeAll { chunk in
                guard chunk.end <= offset else { return false }
                state.stored += Int64(chunk.bytes.count)
                return true
            }
        }
        waker()
    }

    /// The guest has all of it.
    func committed(size: Int64? = nil) { completed.fulfil(size ?? state.withLock { $0.readOffset }) }
}
