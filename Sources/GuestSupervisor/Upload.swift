import RemoteHosts
import Synchronization

/// One file on its way to the guest, in chunks that are kept until the guest says that they are stored.
///
/// So a lost connection costs nothing but the chunks that were under way, and the source need not be readable twice.
final class Upload: Sendable {
    /// The name of the file on the guest.
    let blob: String
    /// Comes when the guest has all of it.
    let completed = Promise<Int64>()

    private struct Chunk {
        var offset: Int64
        var bytes: [UInt8]
        var sent: ContinuousClock.Instant?
    }

    private struct State {
        var chunks: [Chunk] = []
        var nextToSend = 0
        var readOffset: Int64 = 0
        var ended = false
        var commitSent = false
        /// Whether the guest's size must be heard before anything more is sent.
        var synchronizing = false
        var chunkSize = 128 * 1024
    }

    private static let smallestChunk = 32 * 1024
    private static let largestChunk = 1024 * 1024
    private static let chunksUnderWay = 4

    private let source: any InputSource
    private let digest: @Sendable () -> String?
    private let progress: @Sendable (Int64) -> Void
    private let state = Mutex(State())

    init(
        blob: String, source: any InputSource, digest: @escaping @Sendable () -> String?,
        progress: @escaping @Sendable (Int64) -> Void,
        waker: @escaping @Sendable () -> Void
    ) {
        self.blob = blob
        self.source = source
        self.digest = digest
        self.progress = progress
        source.setWaker(waker)
    }

    /// The next frame to send, or nil when there is nothing to send now.
    func nextFrame() -> [UInt8]? {
        do {
            return try state.withLock { state in
                guard !state.synchronizing, !state.commitSent, !completed.isResolved else { return nil }
                if state.nextToSend == state.chunks.count {
                    guard !state.ended, state.chunks.count < Self.chunksUnderWay else { return commitFrame(&state) }
                    guard try readChunk(&state) else { return commitFrame(&state) }
                }
                let index = state.nextToSend
                state.nextToSend += 1
                state.chunks[index].sent = .now
                let chunk = state.chunks[index]
                return Frame.bytes("put", blob, String(chunk.offset), payload: chunk.bytes)
            }
        } catch {
            completed.fail(error)
            return Frame.bytes("discard", blob)
        }
    }

    /// Fills one chunk from the source; false when the source has nothing now or has ended.
    private func readChunk(_ state: inout State) throws -> Bool {
        var bytes: [UInt8] = []
        reading: while bytes.count < state.chunkSize {
            switch try source.read(upTo: state.chunkSize - bytes.count) {
            case .bytes(let more):
                if bytes.isEmpty { bytes = more } else { bytes += more }
            case .pending: break reading
            case .end:
                state.ended = true
                break reading
            }
        }
        guard !bytes.isEmpty else { return false }
        state.chunks.append(Chunk(offset: state.readOffset, bytes: bytes))
        state.readOffset += Int64(bytes.count)
        return true
    }

    private func commitFrame(_ state: inout State) -> [UInt8]? {
        guard state.ended, state.nextToSend == state.chunks.count else { return nil }
        state.commitSent = true
        let digest = digest().map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
        return Frame.bytes("commit", blob, String(state.readOffset), digest ?? "-")
    }

    /// The guest has stored everything before this offset.
    func stored(_ offset: Int64) {
        state.withLock { state in
            while let first = state.chunks.first, first.offset + Int64(first.bytes.count) <= offset {
                if let sent = first.sent { Self.adapt(&state.chunkSize, to: ContinuousClock.now - sent) }
                state.chunks.removeFirst()
                state.nextToSend = max(0, state.nextToSend - 1)
            }
        }
        progress(offset)
    }

    /// Chunks grow while they are stored quickly (each costs the guest a process) and shrink on a slow link, where a
    /// cancellation must not wait behind them.
    private static func adapt(_ size: inout Int, to delay: Duration) {
        if delay < .milliseconds(250) {
            size = min(size * 2, largestChunk)
        } else if delay > .milliseconds(800) {
            size = max(size / 2, smallestChunk)
        }
    }

    /// A new connection begins: the frame that asks how much the guest has.
    func restart(token: String) -> [UInt8] {
        state.withLock {
            $0.synchronizing = true
            $0.commitSent = false
        }
        return Frame.bytes("have", blob, token)
    }

    /// The guest's answer to ``restart(token:)``: what it has is not sent again, the rest is.
    func resume(at offset: Int64) {
        stored(offset)
        state.withLock { state in
            state.synchronizing = false
            state.nextToSend = 0
            guard let first = state.chunks.first, first.offset < offset else { return }
            state.chunks[0].bytes.removeFirst(Int(offset - first.offset))
            state.chunks[0].offset = offset
        }
    }

    /// The guest has all of it.
    func committed() { completed.fulfil(state.withLock { $0.readOffset }) }
}
