import RemoteHosts

/// The program that runs on the guest, and the command line that starts it.
enum GuestProgram {
    /// `supervisor.sh`, as it is in the sources.
    static let supervisor = PackageResources.supervisor_sh
    /// `prelude.sh`, as it is in the sources.
    static let prelude = PackageResources.prelude_sh

    /// What every connection sends first: the program, whether the guest has it already or not.
    static var firstBytes: [UInt8] { supervisor + prelude }

    /// Reads the program from standard input into the state directory and becomes it. A program that a broken link has
    /// cut off is dropped: steps that run now source what is there. Arguments: state directory, bytes of the supervisor,
    /// bytes of the prelude, shell, marker, offset.
    private static let bootstrap = """
        umask 077; d=$1; mkdir -p "$d/steps" "$d/blobs" \
        && dd bs="$2" count=1 iflag=fullblock 2>/dev/null >"$d/supervisor.$$" \
        && dd bs="$3" count=1 iflag=fullblock 2>/dev/null >"$d/prelude.$$" \
        && [ "$(wc -c <"$d/supervisor.$$")" -eq "$2" ] && [ "$(wc -c <"$d/prelude.$$")" -eq "$3" ] \
        && mv -f "$d/supervisor.$$" "$d/supervisor" && mv -f "$d/prelude.$$" "$d/prelude" \
        && exec $4 "$d/supervisor" attach "$d" "$4" "$5" "$6"
        """

    /// The command for one connection.
    /// - Parameters:
    ///   - options: Where the state is, and which shell runs the program.
    ///   - marker: Random text; what comes before it on either stream was written by start-up files of the login shell.
    ///   - offset: Where in the output log to go on; nil means at its end.
    static func command(options: SupervisorOptions, marker: String, offset: UInt64?) -> RemoteCommand {
        command(
            asRoot: options.asRoot, bootstrap,
            [
                options.stateDirectory, String(supervisor.count), String(prelude.count), options.shell, marker,
                offset.map(String.init) ?? "end",
            ])
    }

    /// The command for a further connection, which carries chunks of uploads to the program that is there.
    static func lane(options: SupervisorOptions, marker: String) -> RemoteCommand {
        command(
            asRoot: options.asRoot, #"exec $2 "$1/supervisor" carry "$1" "$2" "$3""#,
            [options.stateDirectory, options.shell, marker])
    }

    /// Runs a script with arguments, as root if need be and allowed.
    private static func command(asRoot: Bool, _ script: String, _ arguments: [String]) -> RemoteCommand {
        let choose =
            asRoot
            ? #"[ "$(id -u)" = 0 ] || exec sudo -n /bin/sh -c "$@"; exec /bin/sh -c "$@""# : #"exec /bin/sh -c "$@""#
        let words = ["/bin/sh", "-c", choose, "sh", script, "replay"] + arguments
        return RemoteCommand("exec " + words.map(ShellText.quoted).joined(separator: " "))
    }
}

/// Where and how the supervisor runs, and how long it is waited for.
public struct SupervisorOptions: Sendable {
    /// The state directory, absolute. Its last component is also the name of the systemd unit.
    public var stateDirectory: String
    /// The shell that runs the supervisor; may be two words (`busybox sh`).
    public var shell: String
    /// Whether the supervisor becomes root by sudo when the login user is not. Without root there are no namespaces
    /// and no other users.
    public var asRoot: Bool
    /// How long the first connection may take.
    public var connectTimeout: Duration
    /// How long a lost connection may stay away.
    public var reconnectTimeout: Duration
    /// After how much silence the guest is asked whether it is there.
    public var pingInterval: Duration
    /// After how much silence the connection counts as lost.
    public var silenceTimeout: Duration

    /// How long to wait before a connection is opened again that broke before the guest had answered on it.
    public var retryPause = Duration.milliseconds(500)
    /// How many connections beside the first one may carry uploads.
    public var furtherConnections = 3

    /// Makes options.
    public init(
        stateDirectory: String, shell: String = "/bin/sh", asRoot: Bool = true,
        connectTimeout: Duration = .seconds(600),
        reconnectTimeout: Duration = .seconds(300), pingInterval: Duration = .seconds(10),
        silenceTimeout: Duration = .seconds(40)
    ) {
        self.stateDirectory = stateDirectory
        self.shell = shell
        self.asRoot = asRoot
        self.connectTimeout = connectTimeout
        self.reconnectTimeout = reconnectTimeout
        self.pingInterval = pingInterval
        self.silenceTimeout = silenceTimeout
    }

    /// The options for a build: its state is in `/var/lib/replay-BUILD`.
    public init(build: String) { self.init(stateDirectory: "/var/lib/replay-\(build)") }
}
