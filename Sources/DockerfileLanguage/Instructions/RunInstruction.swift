/// `RUN [flags] COMMAND`. The command is not expanded; the values of `--mount` are, but for `from`.
public struct RunInstruction: Sendable, Hashable {
    /// `--network`
    public enum Network: String, Sendable, Hashable {
        /// The builder's network.
        case `default`
        /// Loopback only.
        case none
        /// The host's network.
        case host
    }

    /// `--security`
    public enum Security: String, Sendable, Hashable {
        /// The usual confinement.
        case sandbox
        /// Without confinement.
        case insecure
    }

    /// What is executed, once heredocs have their meaning.
    public enum Execution: Sendable, Hashable {
        /// This argument vector, without a shell.
        case exec([String])
        /// The shell with this text: heredoc bodies and their ends are part of it.
        case shell(String)
        /// The shell with the path of a file of this name and content, of mode 0755, readable under `/dev/pipes`
        /// during the command: the instruction is one heredoc that begins with `#!`.
        case script(name: String, content: String)
    }

    /// Name, place, text and comment.
    public var syntax: InstructionSyntax
    /// The command as written, without heredoc bodies.
    public var command: CommandLine
    /// The heredocs in order.
    public var heredocs: [Heredoc]
    /// `--mount`, in order; not expanded.
    public var mounts: [MountFlag]
    /// `--network`
    public var network: Network
    /// `--security`
    public var security: Security
    /// `--device`, in order; not expanded.
    public var devices: [RunDevice]

    /// What is executed.
    public var execution: Execution {
        switch command {
        case .exec(let arguments):
            return .exec(arguments)
        case .shell(let text):
            guard let first = heredocs.first else { return .shell(text) }
            guard Heredoc.parse(word: text) != nil else {
                // The shell reads the heredocs itself: bodies as written, each with its delimiter alone on a line.
                return .shell(heredocs.reduce(text) { $0 + "\n" + $1.content + $1.name })
            }
            let body = first.body
            guard body.utf8.starts(with: "#!".utf8) else { return .shell(body) }
            return .script(name: first.name, content: body)
        }
    }
}

/// A `--device` of RUN: a CDI device name.
public struct RunDevice: Sendable, Hashable {
    /// `vendor.com/class=name`, `vendor.com/class` or `class`.
    public var name: String
    /// Whether the build fails without it.
    public var isRequired: Bool
}
