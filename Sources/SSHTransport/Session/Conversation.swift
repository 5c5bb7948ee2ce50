import CLibSSH2
import RemoteHosts

/// Moves a running command's bytes until its channel has ended.
@safe final class Conversation {
    private enum InputState {
        case open
        case pending
        case ended
        case closed
    }

    private let session: SSHSession
    private let channel: OpaquePointer
    private let input: any InputSource
    private var inputState = InputState.open
    private var chunk: [UInt8] = []
    private var chunkStart = 0
    private var buffer = [CChar](repeating: 0, count: SSHSession.roundSize)

    init(_ session: SSHSession, channel: OpaquePointer, input: any InputSource) {
        self.session = session
        unsafe self.channel = unsafe channel
        self.input = input
    }

    /// Returns when the server has closed the channel; its answer about the end of the command is there then.
    func run(output: (RemoteStream, [UInt8]) throws -> Void, _ signals: OperationSignals) throws {
        session.noteSign()
        while true {
            try signals.check()
            session.transport.allowReceiving(SSHSession.roundSize)
            let hasReadOutput = try read(.standardOutput, to: output)
            let hasReadErrors = try read(.standardError, to: output)
            if try hasEnded() { return }
            // What came in is dealt with; while writing there is no need to look again before each packet.
            let hasMore = session.transport.hasMore
            session.transport.allowReceiving(0)
            let hasWritten = try write()
            session.transport.allowReceiving(hasMore ? 0 : 1)
            if hasReadOutput || hasReadErrors || hasWritten || hasMore {
                session.transport.flush()
                continue
            }
            if try session.wait("a command runs", signals, until: nil), inputState == .pending {
                inputState = .open
            }
        }
    }

    /// Hands out what the command wrote to one stream, at most a buffer of it. Both streams share the channel's window:
    /// one that is not read stops the other.
    private func read(_ stream: RemoteStream, to output: (RemoteStream, [UInt8]) throws -> Void) throws -> Bool {
        let number: CInt = stream == .standardOutput ? 0 : SSH_EXTENDED_DATA_STDERR
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe libssh2_channel_read_ex(channel, number, $0.baseAddress, $0.count)
        }
        guard count > 0 else {
            if count == 0 || count == Int(LIBSSH2_ERROR_EAGAIN) { return false }
            throw session.failure("reading output", CInt(count))
        }
        let bytes = unsafe buffer.withUnsafeBytes { unsafe Array(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        try output(stream, bytes)
        return true
    }

    /// Whether the server has closed the channel. End of file alone is not the end: a command can close its streams
    /// and go on.
    private func hasEnded() throws -> Bool {
        guard unsafe libssh2_channel_eof(channel) == 1 else { return false }
        let status = unsafe libssh2_channel_wait_closed(channel)
        if status == LIBSSH2_ERROR_EAGAIN { return false }
        guard status == 0 else { throw session.failure("the end of a command", status) }
        return true
    }

    /// Gives the library what input there is and the channel's window takes, up to a limit of what may wait for the
    /// socket.
    private func write() throws -> Bool {
        var hasWritten = false
        while session.transport.unsentCount < SSHSession.roundSize {
            if chunkStart == chunk.count { try pull() }
            guard chunkStart < chunk.count else { break }
            let start = chunkStart
            let count = unsafe chunk.withUnsafeBytes { bytes in
                unsafe libssh2_channel_write_ex(
                    channel, 0, bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self),
                    bytes.count - start)
            }
            if count == Int(LIBSSH2_ERROR_EAGAIN) || count == 0 { break }
            guard count > 0 else { throw session.failure("writing input", CInt(count)) }
            chunkStart += count
            hasWritten = true
        }
        if inputState == .ended && chunkStart == chunk.count {
            let status = unsafe libssh2_channel_send_eof(channel)
            guard status != LIBSSH2_ERROR_EAGAIN else { return hasWritten }
            guard status == 0 else { throw session.failure("ending input", status) }
            inputState = .closed
        }
        return hasWritten
    }

    private func pull() throws {
        guard inputState == .open else { return }
        switch try input.read(upTo: SSHSession.roundSize) {
        case .bytes(let bytes):
            chunk = bytes
            chunkStart = 0
        case .pending:
            inputState = .pending
        case .end:
            inputState = .ended
        }
    }
}
