import CLibSSH2
import RemoteHosts

extension SSHSession {
    /// The longest command line, in bytes: the library makes one packet of it, of less than 35,000.
    static let longestCommand = 32_000

    /// Runs a command in a channel of its own. The doc comment of `RemoteHost` is the contract.
    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: (RemoteStream, [UInt8]) throws -> Void, _ signals: OperationSignals
    ) throws -> ExitStatus {
        let length = command.line.utf8.count
        guard length <= Self.longestCommand else {
            throw SSHError(
                .commandTooLong,
                "A command line of \(length) bytes is too long for SSH (\(Self.longestCommand)): send it as input.")
        }
        let deadline = ContinuousClock.now + configuration.stepTimeout
        let channel = try openChannel(signals, until: deadline)
        if let terminal = command.terminal {
            try requestTerminal(terminal, on: channel, signals, until: deadline)
        }
        do {
            try start(command, on: channel, signals, until: deadline)
            return try converse(on: channel, input: input, output: output, signals)
        } catch let error as SSHError where error.code == .lost || error.code == .timedOut || error.code == .closed {
            // The request to start was sent: nobody knows how far the command came.
            return .lost
        }
    }

    /// Makes a round trip that every server answers, with a refusal: the library then has handled whatever the
    /// server sent meanwhile, such as its own questions for a sign of life.
    func ping(_ signals: OperationSignals, until deadline: ContinuousClock.Instant) throws {
        let type = "ping@replay.invalid"
        let pointer = try unsafe completeMaking("ping", signals, until: deadline) {
            unsafe libssh2_channel_open_ex(handle.pointer, type, CUnsignedInt(type.utf8.count), 1024, 1024, nil, 0)
        }
        if let pointer = unsafe pointer { _ = unsafe ChannelHandle(pointer) }
        if let ending = transport.ending { throw lost("ping", ending) }
    }

    private func openChannel(
        _ signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws -> ChannelHandle {
        let type = "session"
        let pointer = try unsafe completeMaking("opening a channel", signals, until: deadline) {
            unsafe libssh2_channel_open_ex(
                handle.pointer, type, CUnsignedInt(type.utf8.count), configuration.receiveWindow,
                CUnsignedInt(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
        }
        guard let pointer = unsafe pointer else {
            let status = unsafe libssh2_session_last_errno(handle.pointer)
            let isRefused = status == LIBSSH2_ERROR_CHANNEL_FAILURE
            throw failure("opening a channel", status, isRefused ? .commandRefused : .lost)
        }
        return unsafe ChannelHandle(pointer)
    }

    private func requestTerminal(
        _ size: TerminalSize, on channel: borrowing ChannelHandle, _ signals: OperationSignals,
        until deadline: ContinuousClock.Instant
    ) throws {
        let type = "xterm"
        let pointer = unsafe channel.pointer
        let status = try complete("requesting a terminal", signals, until: deadline) {
            unsafe libssh2_channel_request_pty_ex(
                pointer, type, CUnsignedInt(type.utf8.count), nil, 0, CInt(size.columns), CInt(size.rows), 0, 0)
        }
        guard status == 0 else { throw failure("requesting a terminal", status, .commandRefused) }
    }

    private func start(
        _ command: RemoteCommand, on channel: borrowing ChannelHandle, _ signals: OperationSignals,
        until deadline: ContinuousClock.Instant
    ) throws {
        let request = "exec"
        let line = Array(command.line.utf8).map { CChar(bitPattern: $0) }
        let pointer = unsafe channel.pointer
        let status = try unsafe line.withUnsafeBufferPointer { line in
            try complete("starting a command", signals, until: deadline) {
                unsafe libssh2_channel_process_startup(
                    pointer, request, CUnsignedInt(request.utf8.count), line.baseAddress, CUnsignedInt(line.count))
            }
        }
        guard status == 0 else {
            let isRefused = status == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED
            throw failure("starting a command", status, isRefused ? .commandRefused : .lost)
        }
    }

    private func converse(
        on channel: borrowing ChannelHandle, input: any InputSource,
        output: (RemoteStream, [UInt8]) throws -> Void, _ signals: OperationSignals
    ) throws -> ExitStatus {
        let conversation = unsafe Conversation(self, channel: channel.pointer, input: input)
        try conversation.run(output: output, signals)
        return try finish(channel, signals)
    }

    /// Closes our side of a channel that the server has closed, and asks how the command ended.
    private func finish(_ channel: borrowing ChannelHandle, _ signals: OperationSignals) throws -> ExitStatus {
        let pointer = unsafe channel.pointer
        let status = try complete("closing a channel", signals, until: .now + configuration.stepTimeout) {
            unsafe libssh2_channel_close(pointer)
        }
        guard status == 0 else { throw failure("closing a channel", status) }
        // A command that a signal ended has the exit status 0 too, so the signal is asked for first.
        var name: UnsafeMutablePointer<CChar>? = nil
        var count = 0
        _ = unsafe libssh2_channel_get_exit_signal(pointer, &name, &count, nil, nil, nil, nil)
        if let name = unsafe name {
            defer { unsafe libssh2_free(handle.pointer, name) }
            return unsafe .signalled(String(cString: name))
        }
        return unsafe .exited(Int(libssh2_channel_get_exit_status(pointer)))
    }
}
