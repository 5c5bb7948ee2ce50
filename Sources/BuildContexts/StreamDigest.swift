internal import Crypto
internal import Dispatch
internal import Synchronization

/// The SHA-256 of a stream, made beside its reading: encrypting what is read keeps one processor busy already.
final class StreamDigest: Sendable {
    private let hash = Mutex(SHA256())
    private let queue = DispatchQueue(label: "replay.digest")
    /// How many pieces may wait, so that memory stays bounded.
    private let room = DispatchSemaphore(value: 4)

    /// Takes the next bytes; one caller at a time.
    func update(_ bytes: [UInt8]) {
        room.wait()
        queue.async {
            self.hash.withLock { $0.update(data: bytes) }
            self.room.signal()
        }
    }

    /// The digest of all bytes that were taken.
    func finalize() -> SHA256.Digest { queue.sync { hash.withLock { $0.finalize() } } }
}
