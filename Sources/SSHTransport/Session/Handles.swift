import CLibSSH2

/// Owns a session of the library and the bytes under it.
@safe struct SessionHandle: ~Copyable {
    let pointer: OpaquePointer
    let transport: SessionTransport

    init(_ transport: SessionTransport) throws {
        guard let pointer = unsafe transport.makeSession() else {
            throw SSHError(.noResources, "There is no memory for an SSH session.")
        }
        unsafe self.pointer = unsafe pointer
        self.transport = transport
    }

    // Without the shut-down, freeing waits for a running command to end, or gives up and leaks.
    deinit {
        transport.shutDown()
        _ = unsafe libssh2_session_free(pointer)
    }
}

/// Owns a channel; lives within one operation of its session.
@safe struct ChannelHandle: ~Copyable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    // A channel that is still open stays with its session, which is then freed: a connection is not used after an
    // operation that did not close its channel.
    deinit { _ = unsafe libssh2_channel_free(pointer) }
}
