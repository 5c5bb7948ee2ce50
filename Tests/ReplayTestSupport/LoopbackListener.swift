import Glibc
import SSHTransport

/// A listening TCP socket on 127.0.0.1.
final class LoopbackListener: Sendable {
    /// The port it listens on.
    let port: Int
    /// The descriptor, to poll for a connection.
    let rawValue: CInt

    /// Listens on a free port.
    init() throws {
        rawValue = try Loopback.makeSocket(flags: CInt(SOCK_NONBLOCK.rawValue))
        var address = Loopback.address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = rawValue
        let succeeds = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(number, address, size) == 0 && listen(number, 64) == 0
                    && getsockname(number, address, &size) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard succeeds else {
            let code = errno
            _ = close(number)
            throw SSHError(.noResources, "listening on 127.0.0.1: error \(code)")
        }
    }

    deinit { _ = close(rawValue) }

    /// Takes a waiting connection, or nil. It closes on exec.
    func accept() -> CInt? {
        let number = Glibc.accept(rawValue, nil, nil)
        guard number >= 0 else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return number
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int { try LoopbackListener().port }
}

/// Connections within this machine.
enum Loopback {
    /// Connects to a port of 127.0.0.1; nil when nobody listens.
    static func connect(port: Int) -> CInt? {
        guard let number = try? makeSocket(flags: 0) else { return nil }
        var address = address(port: port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(number, $0, size) }
        }
        guard status == 0 else {
            _ = close(number)
            return nil
        }
        return number
    }

    /// Makes closing the socket a reset (socket(7), SO_LINGER), or an orderly end.
    static func setResetsOnClose(_ resets: Bool, _ number: CInt) {
        var option = linger(l_onoff: resets ? 1 : 0, l_linger: 0)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Sends small pieces at once.
    static func setNoDelay(_ number: CInt) {
        var option: CInt = 1
        _ = unsafe setsockopt(number, CInt(IPPROTO_TCP), TCP_NODELAY, &option, socklen_t(MemoryLayout<CInt>.size))
    }

    fileprivate static func makeSocket(flags: CInt) throws -> CInt {
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | flags, 0)
        guard number >= 0 else { throw SSHError(.noResources, "socket: error \(errno)") }
        return number
    }

    fileprivate static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
