import CLibSSH2
import Glibc

/// One socket that is never waited for, closed when it goes out of scope. Nothing here raises SIGPIPE.
package struct SocketDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, for polling.
    package let rawValue: CInt

    package init(adopting rawValue: CInt) {
        self.rawValue = rawValue
    }

    deinit { _ = Glibc.close(rawValue) }

    /// What a receive found.
    package enum Received: Equatable {
        case bytes([UInt8])
        case wouldBlock
        case end
    }

    /// Receives what is there, at most `maximum` bytes.
    package func receive(upTo maximum: Int) throws -> Received {
        var count = 0
        var number: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: maximum) { buffer, initialized in
            repeat {
                count = unsafe recv(rawValue, buffer.baseAddress, maximum, CInt(MSG_DONTWAIT))
                number = errno
            } while count < 0 && number == EINTR
            initialized = max(count, 0)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .end }
        if number == EAGAIN { return .wouldBlock }
        throw SSHError.system("recv", number)
    }

    /// Sends as much as fits now.
    /// - Returns: The number of bytes taken, 0 when the socket is full.
    package func send(_ bytes: ArraySlice<UInt8>) throws -> Int {
        try unsafe bytes.withUnsafeBytes { buffer in
            while true {
                let flags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
                let count = unsafe Glibc.send(rawValue, buffer.baseAddress, buffer.count, flags)
                if count >= 0 { return count }
                if errno == EAGAIN { return 0 }
                guard errno == EINTR else { throw SSHError.system("send", errno) }
            }
        }
    }

    /// Tells the peer that no more comes; receiving goes on.
    package func finishSending() {
        _ = Glibc.shutdown(rawValue, CInt(SHUT_WR))
    }

    /// Ends both directions at once.
    package func shutdown() {
        _ = Glibc.shutdown(rawValue, CInt(SHUT_RDWR))
    }

    /// One of two connected local sockets, as sshd gives its commands.
    /// - Parameter peer: Set to the other one's number, which belongs to the caller.
    package static func pair(peer: inout CInt) throws -> SocketDescriptor {
        var numbers: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &numbers) == 0 else { throw SSHError.system("socketpair", errno) }
        peer = numbers[1]
        return SocketDescriptor(adopting: numbers[0])
    }
}
