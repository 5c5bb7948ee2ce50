import Glibc

/// A descriptor to wait for, and after the wait what it is ready for.
package struct PollEntry {
    /// The descriptor, or -1 for none.
    package var descriptor: CInt
    /// Wait until it can be read (data, end of file, a connection to accept).
    package var wantsReading: Bool
    /// Wait until it can be written.
    package var wantsWriting: Bool
    /// It can be read, or has failed.
    package fileprivate(set) var isReadable = false
    /// It can be written, or has failed.
    package fileprivate(set) var isWritable = false

    package init(_ descriptor: CInt, reading: Bool = true, writing: Bool = false) {
        self.descriptor = descriptor
        wantsReading = reading
        wantsWriting = writing
    }

    fileprivate var events: CShort {
        (wantsReading ? CShort(POLLIN) : 0) | (wantsWriting ? CShort(POLLOUT) : 0)
    }
}

/// Waits until one of the descriptors is ready or the deadline has passed. A descriptor that wants nothing is left
/// out, so that its hang-up cannot end the wait again and again.
/// - Returns: Whether one is ready.
@discardableResult
package func waitForReadiness(_ entries: inout [PollEntry], until deadline: ContinuousClock.Instant?) throws -> Bool {
    var descriptors = entries.map { entry in
        pollfd(fd: entry.events == 0 ? -1 : entry.descriptor, events: entry.events, revents: 0)
    }
    while true {
        var milliseconds: CInt = -1
        if let deadline {
            let left = ContinuousClock.now.duration(to: deadline)
            // Round up: a wait that ends just before its deadline would only be repeated.
            milliseconds = left <= .zero ? 0 : CInt(clamping: left.inMilliseconds + 1)
        }
        let count = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if count < 0 {
            guard errno == EINTR else { throw SSHError.system("poll", errno) }
            continue
        }
        for (index, descriptor) in descriptors.enumerated() {
            let failed = descriptor.revents & CShort(POLLERR | POLLHUP | POLLNVAL) != 0
            entries[index].isReadable = failed || descriptor.revents & CShort(POLLIN) != 0
            entries[index].isWritable = failed || descriptor.revents & CShort(POLLOUT) != 0
        }
        return count > 0
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}

extension SSHError {
    /// An error of a system call.
    static func system(_ call: String, _ number: CInt) -> SSHError {
        let text = unsafe String(cString: strerror(number))
        let code: Code
        switch number {
        case ECONNREFUSED: code = .connectionRefused
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL, ETIMEDOUT: code = .unreachable
        case ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED: code = .lost
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: code = .noResources
        default: code = .lost
        }
        return SSHError(code, "\(call): \(text)")
    }
}
