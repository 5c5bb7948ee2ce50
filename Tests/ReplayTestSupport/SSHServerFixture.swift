import Foundation
import Glibc
public import SSHTransport
import Subprocess
import Synchronization
import SystemPackage

/// A real SSH server on a free port of 127.0.0.1, with keys and configuration of its own.
///
/// As an ordinary user it is that user's server. As root it lives in a mount and process namespace of its own where
/// `/etc`, `/var`, `/root`, `/home`, `/opt`, `/srv` and `/usr/local` are overlays and `/run`, `/tmp` and `/var/tmp` are empty, so that
/// what commands do does not change the machine. It ends when it is stopped or released, and with this process: it
/// watches a socket that only this process holds.
public final class SSHServerFixture: Sendable {
    /// Which server to run.
    public enum Software: Sendable {
        /// OpenSSH's sshd.
        case openSSH
        /// dropbear; needs root, as it looks for keys in the user's home directory only.
        case dropbear
        /// tinysshd, which speaks chacha20-poly1305 and nothing else.
        case tinySSH
    }

    /// What to vary.
    public struct Options: Sendable {
        /// The server.
        public var software = Software.openSSH
        /// Lines that come before the fixture's own in sshd_config, so that they win.
        public var configuration: [String] = []
        /// The type of the host key, as `ssh-keygen -t` calls it.
        public var hostKeyType = "ed25519"
        /// Whether the user's key is installed from the start.
        public var installsUserKey = true
        /// A port to listen on, for a server that comes back; nil for a free one.
        public var port: Int?
        /// A host key to use again, from another fixture.
        public var hostKeyOf: SSHServerFixture?
        /// A shell script to run in the server's world before it starts. As root only.
        public var preparation = ""

        /// Makes the default options.
        public init() {}
    }

    /// Where it listens.
    public let endpoint: SSHEndpoint
    /// The user to log in as: the one who runs the tests.
    public let user: String
    /// The key that logs in.
    public let userKey: SSHKeyPair
    /// The server's own key.
    public let hostKey: SSHPublicKey
    /// The server's files: `log`, `authorized_keys`, `host_key`.
    public let directory: ScratchDirectory

    private let lifeline: Lifeline
    private let task: Task<Void, Never>

    /// Why the server cannot run here, or nil.
    public static func obstacle(_ software: Software = .openSSH) -> String? {
        switch software {
        case .openSSH:
            return FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")
                ? nil : "openssh-server is not installed"
        case .dropbear:
            guard FileManager.default.isExecutableFile(atPath: "/usr/sbin/dropbear") else {
                return "dropbear-bin is not installed"
            }
            return getuid() == 0 ? nil : "dropbear reads keys from the home directory only, which takes root to replace"
        case .tinySSH:
            return FileManager.default.isExecutableFile(atPath: "/usr/sbin/tinysshd")
                ? nil : "tinysshd is not installed"
        }
    }

    /// Starts a server and runs the body with it.
    public static func with<Value>(
        _ options: Options = Options(), _ body: (SSHServerFixture) async throws -> Value
    ) async throws -> Value {
        let server = try await SSHServerFixture(options)
        return try await ending({ await server.stop() }) { try await body(server) }
    }

    /// Starts a server and waits until it listens.
    public init(_ options: Options = Options()) async throws {
        if let obstacle = Self.obstacle(options.software) { throw SSHError(.noResources, obstacle) }
        let directory = try ScratchDirectory("ssh")
        let key = try SSHKeyPair.ed25519(comment: "fixture")
        let port = try options.port ?? LoopbackListener.freePort()
        if let other = options.hostKeyOf {
            for name in ["host_key", "host_key.pub"] {
                try directory.write(other.directory.read(name), to: name, mode: 0o600)
            }
        } else {
            try await Self.makeHostKey(options, in: directory)
        }
        let hostKey = try SSHPublicKey(String(decoding: directory.read("host_key.pub"), as: UTF8.self))
        try directory.write(options.installsUserKey ? "\(key.publicKey)\n" : "", to: "authorized_keys", mode: 0o600)
        try directory.write(Self.configuration(options, port: port, in: directory), to: "sshd_config")
        try directory.write(Self.script(options, port: port, in: directory), to: "start")
        try directory.write("", to: "log")

        let lifeline = try Lifeline()
        let log = try FileDescriptor.open(directory("log"), .writeOnly, options: [.append])
        let isRoot = getuid() == 0
        var arguments = ["/bin/sh", directory("start").string]
        if isRoot {
            arguments =
                ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "--"] + arguments
        }
        task = Task {
            var platform = PlatformOptions()
            platform.createSession = true
            _ = try? await Subprocess.run(
                .path("/usr/bin/env"), arguments: Arguments(arguments), platformOptions: platform,
                input: .fileDescriptor(lifeline.peer, closeAfterSpawningProcess: true),
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: true))
        }
        self.lifeline = lifeline
        self.directory = directory
        self.hostKey = hostKey
        userKey = key
        user = isRoot ? "root" : NSUserName()
        endpoint = SSHEndpoint(host: "127.0.0.1", port: port)
        try await waitUntilListening(options.software)
    }

    deinit { lifeline.cut() }

    /// Ends the server and all that runs under it. Idempotent.
    public func stop() async {
        lifeline.cut()
        await task.value
    }

    /// Allows the user's key in, when the options left it out.
    public func installUserKey() throws {
        try directory.write("\(userKey.publicKey)\n", to: "authorized_keys", mode: 0o600)
    }

    /// What the server has logged.
    public var log: String { (try? directory.read("log")).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// Logs in, once.
    public func connect(
        to endpoint: SSHEndpoint? = nil, configuration: SSHConfiguration = SSHConfiguration()
    ) async throws -> SSHConnection {
        try await SSHConnection.connect(
            to: endpoint ?? self.endpoint, user: user, key: userKey.privateKey, hostKey: .pinned(hostKey),
            configuration: configuration, until: .now + .seconds(20))
    }

    private static func makeHostKey(_ options: Options, in directory: ScratchDirectory) async throws {
        let path = directory("host_key").string
        switch options.software {
        case .openSSH:
            try await run(["ssh-keygen", "-q", "-N", "", "-C", "", "-t", options.hostKeyType, "-f", path])
        case .dropbear:
            try await run(["dropbearkey", "-t", options.hostKeyType, "-f", path])
            let answer = try await run(["dropbearkey", "-y", "-f", path])
            let line = answer.split(separator: "\n").first { $0.hasPrefix("ssh-") || $0.hasPrefix("ecdsa-") }
            try directory.write(String(line ?? ""), to: "host_key.pub")
        case .tinySSH:
            try await run(["/usr/sbin/tinysshd-makekey", path])
            try await directory.write(run(["/usr/sbin/tinysshd-printkey", path]), to: "host_key.pub")
        }
    }

    @discardableResult
    private static func run(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .path("/usr/bin/env"), arguments: Arguments(arguments), output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw SSHError(.noResources, "\(arguments.joined(separator: " ")): \(result.standardError)")
        }
        return result.standardOutput
    }

    private static func configuration(_ options: Options, port: Int, in directory: ScratchDirectory) -> String {
        let lines =
            options.configuration + [
                "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(directory("host_key"))", "PidFile none",
                "AuthorizedKeysFile \(directory("authorized_keys"))", "StrictModes no", "UsePAM no",
                "PermitRootLogin prohibit-password", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
                "PermitUserEnvironment no", "PrintMotd no", "PrintLastLog no", "UseDNS no", "LogLevel VERBOSE",
                "MaxStartups 100",
            ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The script that becomes the server's world. It ends, and with it all of that world, when its input does.
    private static func script(_ options: Options, port: Int, in directory: ScratchDirectory) -> String {
        let server =
            switch options.software {
            case .openSSH: "/usr/sbin/sshd -D -e -f '\(directory("sshd_config"))'"
            case .dropbear: "/usr/sbin/dropbear -F -E -s -p 127.0.0.1:\(port) -r '\(directory("host_key"))'"
            case .tinySSH: "python3 -u -c '\(superserver)' \(port) /usr/sbin/tinysshd -v '\(directory("host_key"))'"
            }
        let world = """
            set -e
            scratch='\(directory.path)'
            mount -t tmpfs -o mode=755 tmpfs /mnt
            mkdir /mnt/scratch
            mount --bind "$scratch" /mnt/scratch
            for d in etc var root home opt srv usr/local; do
                [ -d "/$d" ] || continue
                mkdir -p "/mnt/overlay/$d/upper" "/mnt/overlay/$d/work"
                mount -t overlay overlay \
            -o "lowerdir=/$d,upperdir=/mnt/overlay/$d/upper,workdir=/mnt/overlay/$d/work" "/$d"
            done
            for d in run tmp var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "/$d"; done
            chmod 755 /run
            mkdir -p /run/sshd /root/.ssh "$scratch"
            mount --bind /mnt/scratch "$scratch"
            cp "$scratch/authorized_keys" /root/.ssh/authorized_keys
            chmod 700 /root /root/.ssh
            rm -f /root/.bashrc /root/.profile
            export HOME=/root
            cd /
            \(options.preparation)
            """
        return """
            \(getuid() == 0 ? world : "cd /")
            \(server) </dev/null &
            server=$!
            echo "started $server"
            read -r end || true
            tree() { for child in $(ps -o pid= --ppid "$1"); do echo $child; tree $child; done; }
            kill -KILL $server $(tree $server) 2>/dev/null
            """
    }

    /// Listens for servers that speak over their standard streams. Arguments: port, command.
    private static let superserver = """
        import socket, subprocess, sys
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        print("Server listening on 127.0.0.1")
        while True:
            connection, _ = listener.accept()
            subprocess.Popen(sys.argv[2:], stdin=connection, stdout=connection)
            connection.close()
        """

    private func waitUntilListening(_ software: Software) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        let sign = software == .dropbear ? "Not backgrounding" : "Server listening on"
        while !log.contains(sign) {
            guard .now < deadline, !log.contains("fatal:"), !log.contains("unshare:"), !log.contains("mount:") else {
                let text = log
                await stop()
                throw SSHError(.noResources, "The SSH server did not start: \(text)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// A socket pair whose far end a server reads: end of file tells it that this process is gone or done with it.
final class Lifeline: Sendable {
    let peer: FileDescriptor
    private let own: Mutex<CInt>

    init() throws {
        var peer: CInt = -1
        let socket = try SocketDescriptor.pair(peer: &peer)
        // SocketDescriptor closes its number when it goes: keep a copy that closes on exec too.
        own = Mutex(fcntl(socket.rawValue, F_DUPFD_CLOEXEC, 0))
        self.peer = FileDescriptor(rawValue: peer)
    }

    deinit { cut() }

    func cut() {
        own.withLock { number in
            guard number >= 0 else { return }
            _ = close(number)
            number = -1
        }
    }
}
