import RemoteHosts

/// A machine on which a directory stands for `/`: commands run as root in it, with the machine's programs.
///
/// In the directory are the programs (`/usr`, read-only, and the links to it), `/proc`, `/dev` and `/.replay` for the
/// supervisor, each mounted only where a command runs. Nothing else of the machine is there.
struct RootedMachine: HostConnector {
    /// Opens connections to the machine, as root.
    private let outside: any HostConnector
    /// For what happens outside of the directory.
    private let control: any RemoteHost
    /// The directory.
    private let root: String

    /// Connects, and makes the directory.
    init(_ outside: any HostConnector, root: String) async throws {
        self.outside = outside
        self.root = root
        control = try await outside.connect(until: .now + .seconds(60))
        try await run(
            """
            rm -rf "$1" && mkdir -p "$1/usr" "$1/proc" "$1/dev" "$1/.replay" && chmod 755 "$1" && cd "$1" &&
            for n in bin sbin lib lib64; do ln -s "usr/$n" "$n" || exit 1; done
            """)
    }

    func close() async { await control.close() }

    /// What is in the directory that is not the vectors'.
    private static let own = ["usr", "bin", "sbin", "lib", "lib64", "proc", "dev", ".replay"]

    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        RootedHost(outside: try await outside.connect(until: deadline), root: root)
    }

    /// Takes everything out of it that steps have put there, and answers it as a tar archive.
    @discardableResult
    func takeContent() async throws -> [UInt8] {
        let excludes = Self.own.map { "--exclude=./\($0)" }.joined(separator: " ")
        let names = Self.own.map { "! -name \($0)" }.joined(separator: " ")
        return try await run(
            """
            tar -C "$1" --format=posix --numeric-owner \(excludes) -cf - . &&
            find "$1" -mindepth 1 -maxdepth 1 \(names) -exec rm -rf {} +
            """)
    }

    /// Puts the content of an archive there.
    func restore(_ archive: [UInt8]) async throws {
        try await run("tar -C \"$1\" --numeric-owner -xpf -", input: BytesInput(archive))
    }

    @discardableResult
    private func run(_ script: String, input: any InputSource = EmptyInput()) async throws -> [UInt8] {
        struct Failed: Error { var text: String }
        let result = try await control.capture(RemoteCommand("sh -c '\(script)' sh '\(root)'"), input: input)
        guard result.status == .exited(0) else { throw Failed(text: result.errorText) }
        return result.standardOutput
    }
}

/// A connection whose commands run in the directory.
private struct RootedHost: RemoteHost {
    let outside: any RemoteHost
    let root: String

    /// A mount namespace of its own, in which the directory is a mount, as `/` must be for unshare(1).
    private static let enter = """
        mount --bind "$1" "$1" && mount --bind /usr "$1/usr" && mount -o remount,bind,ro "$1/usr" && \
        mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$1" /bin/sh -c "$2"
        """

    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> ExitStatus {
        let words = ["sh", "-c", Self.enter, "sh", root, command.line].map {
            "'" + $0.replacing("'", with: #"'\''"#) + "'"
        }
        let line = "exec unshare --mount --propagation private " + words.joined(separator: " ")
        return try await outside.run(RemoteCommand(line), input: input, output: output)
    }

    func close() async { await outside.close() }
}
