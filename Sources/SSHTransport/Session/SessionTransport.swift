import CLibSSH2
import Glibc

/// The bytes of one session: the functions that libssh2 sends and receives with.
///
/// Sending never blocks the library: what the socket does not take at once is kept here and sent when it can be. So a
/// half-sent packet, during which the library allows no other call on the session (issue 1397 there), never exists,
/// and input, output, window adjustments and keep-alives go on independently. The caller bounds what is kept by
/// looking at ``unsentCount`` before it writes.
///
/// Receiving hides the end of the connection from the library, which would drop what it has not yet handed out; the
/// caller looks at ``ending`` when the library has nothing more.
final class SessionTransport {
    let socket: SocketDescriptor
    private var unsent: [UInt8] = []
    private var unsentStart = 0
    private var prefetched: ArraySlice<UInt8> = []
    private var receiveAllowance = 0
    private var isShutDown = false
    /// What the server sent so far, while it is recorded.
    private(set) var recording: [UInt8] = []
    private var isRecording = true
    /// How many bytes came in.
    private(set) var receivedCount: UInt64 = 0
    /// Why no more bytes will come or go: an errno, or 0 for an orderly end.
    private(set) var ending: CInt?

    init(_ socket: consuming SocketDescriptor) {
        self.socket = socket
    }

    /// How many bytes wait here for the socket.
    var unsentCount: Int { unsent.count - unsentStart }
    /// How many bytes the peer's kernel has not acknowledged.
    var unacknowledgedCount: Int {
        var count: CInt = 0
        return unsafe ioctl(socket.rawValue, UInt(SIOCOUTQ), &count) == 0 ? Int(count) : 0
    }
    /// Whether the last round stopped receiving before the socket was empty.
    var hasMore: Bool { receiveAllowance <= 0 || !prefetched.isEmpty }

    /// Lets the library receive about this many bytes until the next call; bounds its memory, and how long it can be
    /// busy before cancellation is looked at.
    func allowReceiving(_ count: Int) { receiveAllowance = count }

    /// Stops keeping what the server sends.
    func stopRecording() {
        isRecording = false
        recording = []
    }

    /// Receives before the library does; it gets the bytes later.
    /// - Returns: All that was received so far.
    func prefetch() throws -> ArraySlice<UInt8> {
        switch try socket.receive(upTo: 4096) {
        case .bytes(let bytes): prefetched += bytes
        case .wouldBlock: break
        case .end: ending = 0
        }
        return prefetched
    }

    /// Sends what waits, as far as the socket takes it.
    func flush() {
        guard unsentCount > 0 else { return }
        do {
            unsentStart += try socket.send(unsent[unsentStart...])
        } catch {
            ending = ending ?? ECONNRESET
            unsentStart = unsent.count
        }
        if unsentStart == unsent.count {
            unsent.removeAll(keepingCapacity: unsent.capacity <= 1 << 20)
            unsentStart = 0
        }
    }

    /// Ends both directions; every further call of the library fails at once, so that it can be freed.
    func shutDown() {
        flush()
        isShutDown = true
        socket.shutdown()
    }

    fileprivate func send(_ buffer: UnsafeRawPointer, _ count: Int) -> Int {
        if isShutDown { return Int(-EPIPE) }
        var sent = 0
        if unsentCount == 0 && ending == nil {
            while true {
                sent = unsafe Glibc.send(socket.rawValue, buffer, count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                if sent >= 0 { break }
                sent = 0
                if errno == EINTR { continue }
                if errno != EAGAIN { ending = errno }
                break
            }
        }
        if sent < count && ending == nil {
            unsafe unsent.append(contentsOf: UnsafeRawBufferPointer(start: buffer + sent, count: count - sent))
        }
        return count
    }

    fileprivate func receive(_ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
        if isShutDown { return Int(-ECONNRESET) }
        guard receiveAllowance > 0 else { return Int(-EAGAIN) }
        var received = 0
        if !prefetched.isEmpty {
            received = min(count, prefetched.count)
            unsafe UnsafeMutableRawBufferPointer(start: buffer, count: received)
                .copyBytes(from: prefetched.prefix(received))
            prefetched = prefetched.dropFirst(received)
        } else {
            repeat {
                received = unsafe recv(socket.rawValue, buffer, count, CInt(MSG_DONTWAIT))
            } while received < 0 && errno == EINTR
            guard received > 0 else {
                if received == 0 || errno != EAGAIN { ending = ending ?? (received == 0 ? 0 : errno) }
                return Int(-EAGAIN)
            }
        }
        receiveAllowance -= received
        receivedCount += UInt64(received)
        if isRecording && recording.count < 64 << 10 {
            unsafe recording += unsafe UnsafeRawBufferPointer(start: buffer, count: received)
        }
        return received
    }
}

extension SessionTransport {
    /// Makes a session that sends and receives through this transport, which must outlive it.
    func makeSession() -> OpaquePointer? {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard let session = unsafe libssh2_session_init_ex(nil, nil, nil, context) else { return nil }
        unsafe replay_session_set_send(session) { _, buffer, count, _, abstract in
            guard let buffer = unsafe buffer, let context = unsafe abstract?.pointee else { return Int(-EINVAL) }
            return unsafe Unmanaged<SessionTransport>.fromOpaque(context).takeUnretainedValue().send(buffer, count)
        }
        unsafe replay_session_set_receive(session) { _, buffer, count, _, abstract in
            guard let buffer = unsafe buffer, let context = unsafe abstract?.pointee else { return Int(-EINVAL) }
            return unsafe Unmanaged<SessionTransport>.fromOpaque(context).takeUnretainedValue().receive(buffer, count)
        }
        unsafe libssh2_session_set_blocking(session, 0)
        return unsafe session
    }
}
