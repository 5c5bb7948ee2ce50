/// `CMD COMMAND`. Nothing is expanded.
public struct CmdInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The command; `CMD []` is an empty exec form, which clears it.
    public var command: CommandLine
}

/// `ENTRYPOINT COMMAND`. Nothing is expanded.
public struct EntrypointInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The command; `ENTRYPOINT []` is an empty exec form, which clears it.
    public var command: CommandLine
}

/// `SHELL ["PROGRAM", "ARGUMENT" …]`. Nothing is expanded.
public struct ShellInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The vector in front of every shell form; not empty.
    public var arguments: [String]
}

/// `HEALTHCHECK NONE` or `HEALTHCHECK [flags] CMD COMMAND`. Nothing is expanded.
public struct HealthcheckInstruction: Sendable, Hashable {
    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The command, not empty in exec form; nil for NONE.
    public var command: CommandLine?
    /// `--interval` in nanoseconds; 0: Docker's default, 30 s.
    public var interval: Int64 = 0
    /// `--timeout` in nanoseconds; 0: 30 s.
    public var timeout: Int64 = 0
    /// `--start-period` in nanoseconds; 0: none.
    public var startPeriod: Int64 = 0
    /// `--start-interval` in nanoseconds; 0: 5 s.
    public var startInterval: Int64 = 0
    /// `--retries`; 0: 3.
    public var retries: Int = 0
}
