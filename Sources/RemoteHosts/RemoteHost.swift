/// One open connection to a machine on which commands can be run.
///
/// The contract, which `RemoteHostConformance` in the test support checks for every implementation:
/// - One command at a time: a second `run` waits until the first has returned.
/// - `output` is called in order on the connection's own queue; a slow `output` slows the remote writer down.
///   Bytes arrive as they were written, nothing is decoded. When it throws, the run ends with that error.
/// - Both streams are always drained, so that a command that fills one of them never hangs.
/// - `run` returns when the command's channel has ended. A descendant that holds the streams open holds `run`;
///   whoever must not wait for it ends the conversation in-band.
/// - Cancelling the task ends `run` within a second with `CancellationError`, and makes the connection unusable:
///   the remote command may still run.
/// - A lost connection gives `.lost` when the command had started, and an error when it had not.
public protocol RemoteHost: Sendable {
    /// Runs a command to its end.
    /// - Parameters:
    ///   - command: The shell line.
    ///   - input: The bytes of its standard input.
    ///   - output: Called with each piece of what it writes.
    /// - Returns: How the command ended, as far as the transport knows.
    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus

    /// Ends the connection at once, without waiting for a running command. Idempotent.
    func close() async
}

extension RemoteHost {
    /// Runs a command and keeps what it writes. For small answers only.
    public func capture(
        _ command: RemoteCommand, input: any InputSource = EmptyInput()
    ) async throws -> CapturedOutput {
        let collector = OutputCollector()
        let status = try await run(command, input: input) { stream, bytes in collector.append(bytes, to: stream) }
        return collector.finish(status)
    }
}

/// Opens connections to one machine.
///
/// A connector asks for the machine's address again at every attempt (it may change over a reboot), keeps the pinned
/// host key, and never tries to log in more than once in five seconds while the machine refuses.
public protocol HostConnector: Sendable {
    /// Opens a connection.
    /// - Parameter deadline: When to give up; until then failures that can heal (nobody listens yet, the banner does
    ///   not come, the key is not installed yet) are tried again.
    /// - Throws: The error of the last attempt, or at once an error that cannot heal: another host key.
    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost
}
