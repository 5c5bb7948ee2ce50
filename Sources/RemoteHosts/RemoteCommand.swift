/// One command line for the login shell of the remote user.
///
/// The line is short (libssh2 cannot send one over about 35,000 bytes) and holds no secret: scripts, environments
/// and secrets travel as input.
public struct RemoteCommand: Sendable, Hashable {
    /// The text that the remote user's shell runs.
    public var line: String
    /// The pseudo-terminal to run it on, or nil for plain streams.
    public var terminal: TerminalSize?

    /// Makes a command from a shell line.
    public init(_ line: String, terminal: TerminalSize? = nil) {
        self.line = line
        self.terminal = terminal
    }
}

/// The size of a pseudo-terminal in character cells.
public struct TerminalSize: Sendable, Hashable {
    /// Width in columns.
    public var columns: Int
    /// Height in rows.
    public var rows: Int

    /// Makes a size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// How a remote command ended, as far as the transport knows.
///
/// `exited(0)` is a claim of the transport only. What counts as the success of a build step is the guest
/// supervisor's own record.
public enum ExitStatus: Sendable, Hashable {
    /// The command ended by itself with this status, 0–255.
    case exited(Int)
    /// A signal ended the command; the name comes without `SIG`, as in RFC 4254 section 6.10.
    case signalled(String)
    /// The connection or the server went away before an end was reported. The command may still run.
    case lost
}

/// One of the two streams that a remote command writes.
public enum RemoteStream: Sendable, Hashable {
    /// File descriptor 1. On a pseudo-terminal everything arrives here.
    case standardOutput
    /// File descriptor 2.
    case standardError
}
