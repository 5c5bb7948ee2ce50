import Glibc
import SSHTransport

/// A listening TCP socket on 127.0.0.1.
final class LoopbackListener: Sendable {
    /// The port it listens on.
    let port: Int
    private let descriptor: CInt

    /// Listens on a free port.
    init() throws {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let number = socket(AF_INET, kind, 0)
        guard number >= 0 else { throw SSHError(.noResources, "socket: \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(number, address, size) == 0 && listen(number, 64) == 0
                    && getsockname(number, address, &size) == 0
            }
        }
        guard status else {
            let code = errno
            _ = close(number)
            throw SSHError(.noResources, "listening on 127.0.0.1: \(code)")
        }
        descriptor = number
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { _ = close(descriptor) }

    /// The descriptor, to poll for a connection.
    var rawValue: CInt { descriptor }

    /// Takes a waiting connection, or nil.
    func accept() -> CInt? {
        let number = Glibc.accept(descriptor, nil, nil)
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return number
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int { try LoopbackListener().port }
}
