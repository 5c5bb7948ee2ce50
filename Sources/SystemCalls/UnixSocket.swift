internal import Dispatch
import Glibc
import Synchronization
public import SystemPackage

/// A connected stream socket of the Unix domain (unix(7)).
///
/// The bytes that arrive come through ``received``, which ends when either side closes. One thread waits in `recv(2)` for
/// as long as the socket is open.
public final class UnixSocket: Sendable {
    /// The longest path that `sockaddr_un` takes, without its final zero (unix(7)).
    public static let longestPath = 107

    /// What the other side sends, in pieces of any size.
    public let received: AsyncStream<[UInt8]>
    private let descriptor: Mutex<FileDescriptor?>

    /// Connects to a listening socket.
    /// - Throws: ``SystemCallError``: `.noSuchFileOrDirectory` or `.connectionRefused` when nobody listens,
    ///   `.resourceTemporarilyUnavailable` when too many already wait to be accepted.
    public static func connect(to path: FilePath) throws(SystemCallError) -> UnixSocket {
        let action = "connect to '\(path)'"
        let bytes = Array(path.string.utf8)
        guard bytes.count <= longestPath else { throw SystemCallError(.fileNameTooLong, action) }
        let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemCallError(Errno(rawValue: Glibc.errno), action) }
        let descriptor = FileDescriptor(rawValue: number)

        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // Without O_NONBLOCK, connect(2) would wait for as long as the listener's queue is full.
        let flags = fcntl(number, F_GETFL)
        _ = fcntl(number, F_SETFL, flags | O_NONBLOCK)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let code = Errno(rawValue: Glibc.errno)
            try? descriptor.close()
            throw SystemCallError(code, action)
        }
        _ = fcntl(number, F_SETFL, flags)
        return UnixSocket(descriptor)
    }

    private init(_ descriptor: FileDescriptor) {
        self.descriptor = Mutex(descriptor)
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        received = stream
        // The thread holds the socket, so that its number cannot become another file's while recv(2) waits on it.
        DispatchQueue(label: "replay.unix-socket").async { [self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                    unsafe recv(descriptor.rawValue, bytes.baseAddress, bytes.count, 0)
                }
                if count < 0 && Glibc.errno == EINTR { continue }
                guard count > 0 else { break }
                continuation.yield(Array(buffer[..<count]))
            }
            self.descriptor.withLock { held in
                try? held?.close()
                held = nil
            }
            continuation.finish()
        }
    }

    /// Sends bytes; blocks while the other side does not read, so it is for short messages.
    public func send(_ bytes: [UInt8]) throws(SystemCallError) {
        let failure: Errno? = descriptor.withLock { held in
            guard let held else { return .socketNotConnected }
            var sent = 0
            while sent < bytes.count {
                let count = unsafe bytes[sent...].withUnsafeBytes { rest in
                    unsafe Glibc.send(held.rawValue, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
                }
                if count >= 0 {
                    sent += count
                } else if Glibc.errno != EINTR {
                    return Errno(rawValue: Glibc.errno)
                }
            }
            return nil
        }
        if let failure { throw SystemCallError(failure, "send on a Unix socket") }
    }

    /// Ends the connection. A second call does nothing.
    public func close() {
        descriptor.withLock { held in
            if let held { _ = shutdown(held.rawValue, CInt(SHUT_RDWR)) }
        }
    }
}
