import CLibSSH2
import Glibc

/// One session of the library and the waiting for it. Used from one queue, one operation at a time.
///
/// An operation is a library call that is repeated, with the same arguments, as long as it answers "again"
/// (libssh2_session_set_blocking(3)); between two tries the session waits for the socket, for the signals of its
/// owner, and for its deadline. A failed or interrupted operation leaves the session unusable: it is to be released.
final class SSHSession {
    let handle: SessionHandle
    let transport: SessionTransport
    let configuration: SSHConfiguration
    let endpoint: SSHEndpoint
    /// Set once logged in: before that, a server does not answer keep-alives.
    var keepsAlive = false
    private var lastSign = ContinuousClock.now
    private var lastKeepalive = ContinuousClock.now
    private var seenReceived: UInt64 = 0
    private var seenUnacknowledged = 0

    init(
        _ socket: consuming SocketDescriptor, endpoint: SSHEndpoint, configuration: SSHConfiguration
    ) throws {
        try Library.start()
        transport = SessionTransport(socket)
        handle = try SessionHandle(transport)
        self.endpoint = endpoint
        self.configuration = configuration
    }

    /// How much the library may receive before cancellation and output are looked at again.
    static let roundSize = 256 << 10

    /// Repeats a call until it has an answer.
    func complete(
        _ what: String, _ signals: OperationSignals, until deadline: ContinuousClock.Instant, _ call: () -> CInt
    ) throws -> CInt {
        noteSign()
        while true {
            transport.allowReceiving(Self.roundSize)
            let status = call()
            guard status == LIBSSH2_ERROR_EAGAIN else { return status }
            try wait(what, signals, until: deadline)
        }
    }

    /// Repeats a call that makes a pointer until it has an answer; nil when it failed.
    func completeMaking(
        _ what: String, _ signals: OperationSignals, until deadline: ContinuousClock.Instant,
        _ call: () -> OpaquePointer?
    ) throws -> OpaquePointer? {
        var made: OpaquePointer?
        _ = try complete(what, signals, until: deadline) {
            unsafe made = unsafe call()
            return unsafe made == nil ? libssh2_session_last_errno(handle.pointer) : 0
        }
        return unsafe made
    }

    /// Waits until the socket has news.
    /// - Parameter deadline: When to give up; nil to wait as long as the peer lives.
    /// - Returns: Whether somebody woke the connection, so that its input may have news.
    /// - Throws: ``SSHError`` with `.lost`, `.timedOut` or `.closed`; `CancellationError`.
    @discardableResult
    func wait(
        _ what: String, _ signals: OperationSignals, until deadline: ContinuousClock.Instant?
    ) throws -> Bool {
        try signals.check()
        transport.flush()
        if transport.hasMore { return false }
        if let ending = transport.ending { throw lost(what, ending) }
        while true {
            let alarm = try keepAlive(what)
            let limit = [deadline, alarm].compactMap(\.self).min()
            var entries = [
                PollEntry(signals.wakeup.descriptor),
                PollEntry(transport.socket.rawValue, writing: transport.unsentCount > 0),
            ]
            let isReady = try waitForReadiness(&entries, until: limit)
            if entries[0].isReadable { signals.wakeup.clear() }
            try signals.check()
            if isReady { return entries[0].isReadable }
            if let deadline, deadline <= .now {
                throw SSHError(.timedOut, "\(endpoint) did not answer in time (\(what)).")
            }
        }
    }

    /// Forgets how long the peer has been silent: nobody was listening.
    func noteSign() {
        lastSign = .now
        lastKeepalive = lastSign
        seenReceived = transport.receivedCount
        seenUnacknowledged = 0
    }

    /// Asks a silent peer for a sign of life; ends the wait for one that gives none.
    ///
    /// TCP's own keep-alive is not enough: behind a forwarded port it is the forwarder's kernel that answers.
    /// libssh2_keepalive_send(3) is harmless here because sending never blocks the library.
    /// - Returns: When to look again.
    private func keepAlive(_ what: String) throws -> ContinuousClock.Instant? {
        guard keepsAlive else { return nil }
        let now = ContinuousClock.now
        if transport.receivedCount != seenReceived {
            noteSign()
            return lastKeepalive + configuration.keepaliveInterval
        }
        guard now >= lastKeepalive + configuration.keepaliveInterval else {
            return lastKeepalive + configuration.keepaliveInterval
        }
        // Bytes that arrive over there are a sign too: on a slow link, the question waits behind them.
        let unacknowledged = transport.unacknowledgedCount
        if unacknowledged < seenUnacknowledged { lastSign = now }
        seenUnacknowledged = unacknowledged
        if now >= lastSign + configuration.silenceLimit { throw lost(what, ETIMEDOUT) }
        lastKeepalive = now
        unsafe libssh2_keepalive_config(handle.pointer, 1, 2)
        var next: CInt = 0
        _ = unsafe libssh2_keepalive_send(handle.pointer, &next)
        return min(now + configuration.keepaliveInterval, lastSign + configuration.silenceLimit)
    }

    /// The error for a connection that ended.
    func lost(_ what: String, _ ending: CInt) -> SSHError {
        let reason = ending == 0 ? "the server closed it" : unsafe String(cString: strerror(ending))
        return SSHError(.lost, "The SSH connection to \(endpoint) was lost (\(what)): \(reason).")
    }

    /// The error for a call that failed.
    func failure(_ what: String, _ status: CInt, _ code: SSHError.Code = .lost) -> SSHError {
        if let ending = transport.ending { return lost(what, ending) }
        var text: UnsafeMutablePointer<CChar>? = nil
        var count: CInt = 0
        _ = unsafe libssh2_session_last_error(handle.pointer, &text, &count, 0)
        let reason = unsafe text.map { unsafe String(cString: $0) } ?? ""
        return SSHError(code, "\(endpoint): \(what) failed: \(reason) (libssh2 \(status)).")
    }

    /// Says good-bye, as far as that needs no waiting.
    func disconnect() {
        transport.allowReceiving(0)
        _ = unsafe libssh2_session_disconnect_ex(handle.pointer, SSH_DISCONNECT_BY_APPLICATION, "", "")
        transport.flush()
    }
}
