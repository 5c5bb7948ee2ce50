import CLibSSH2
import Glibc

extension SocketDescriptor {
    /// Connects to an address.
    static func connect(
        to address: SocketAddress, signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws -> SocketDescriptor {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let number = Glibc.socket(address.family, kind, CInt(IPPROTO_TCP))
        guard number >= 0 else { throw SSHError.system("socket", errno) }
        let socket = SocketDescriptor(adopting: number)
        let status = unsafe address.bytes.withUnsafeBytes { buffer in
            unsafe Glibc.connect(
                number, buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
        }
        if status != 0 {
            // connect(2): a connect that a signal interrupts goes on, as one that was EINPROGRESS from the start.
            guard errno == EINPROGRESS || errno == EINTR else { throw SSHError.system("connect", errno) }
            try socket.waitForConnection(signals: signals, until: deadline)
        }
        socket.setOptions()
        return socket
    }

    private func waitForConnection(signals: OperationSignals, until deadline: ContinuousClock.Instant) throws {
        while true {
            try signals.check()
            var entries = [PollEntry(rawValue, reading: false, writing: true), PollEntry(signals.wakeup.descriptor)]
            guard try waitForReadiness(&entries, until: deadline) else {
                throw SSHError(.unreachable, "connect: no answer in time")
            }
            if entries[1].isReadable { signals.wakeup.clear() }
            if entries[0].isWritable { break }
        }
        var number: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(rawValue, SOL_SOCKET, SO_ERROR, &number, &size) == 0, number == 0 else {
            throw SSHError.system("connect", number == 0 ? errno : number)
        }
    }

    /// Small packets at once; a peer that is gone is noticed within a minute (tcp(7)).
    private func setOptions() {
        set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(CInt(IPPROTO_TCP), TCP_KEEPIDLE, 15)
        set(CInt(IPPROTO_TCP), TCP_KEEPINTVL, 10)
        set(CInt(IPPROTO_TCP), TCP_KEEPCNT, 3)
        set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, 45_000)
    }

    private func set(_ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        _ = unsafe setsockopt(rawValue, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
}
