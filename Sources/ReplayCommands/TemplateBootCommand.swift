import ArgumentParser
import Clouds
import RemoteHosts
import SystemCalls
import SystemPackage
import TerminalProgress

/// `replay template boot NAME`
struct TemplateBootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot",
        abstract: "Boot a throw-away copy of a template and stay in the foreground.",
        discussion: """
            Prints one line when the copy has finished booting, and ends on Ctrl-C, on SIGTERM, or when the copy powers off. \
            Nothing of the copy remains.
            """)

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Lets a port of this machine lead to one of the copy; repeatable.",
            valueName: "[address:]hostport:guestport"))
    var publish: [String] = []

    @Option(name: .customLong("ssh-key"), help: ArgumentHelp("A public key that admits root.", valueName: "file"))
    var sshKey: [String] = []

    @OptionGroup var machine: MachineOptions
    @OptionGroup var place: TemplateCloud
    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let forwards = try publish.map(PortForward.init(publish:))
        let keys = try sshKey.map(Self.readKey)
        let workshop = try await place.workshop(for: name)
        let screen = self.screen.open(defaultMode: .auto)
        defer { screen.finish() }
        do {
            try await workshop.whileOpen {
                try await cancelledByInterrupts { [self] in
                    try await TemplateCopy.with(
                        name, in: workshop, options: machine, forwards: forwards, keys: keys, events: screen.events
                    ) { copy in
                        try await announce(copy, forwards: forwards, workshop: workshop)
                        try await Waiter().wait(
                            until: .stopped, of: copy.machine.instance, on: workshop.driver,
                            within: .seconds(10 * 365 * 86400))
                    }
                }
            }
        } catch is CancellationError {
            // The way this verb is meant to end.
        }
    }

    private func announce(_ copy: TemplateCopy, forwards: [PortForward], workshop: Workshop) async throws {
        // All units that the boot starts have started, or failed: its services answer.
        _ = try await copy.host.capture(RemoteCommand("systemctl is-system-running --wait"))
        var words = ["ready \(name)"]
        if let address = try await workshop.driver.addresses(of: copy.machine.instance).first {
            words.append("ssh root@\(address.host) -p \(address.port)")
        }
        words += forwards.map { "\($0.hostAddress):\($0.hostPort) -> \($0.guestPort)" }
        StandardOutput.write(words.joined(separator: "  ") + "\n")
    }

    /// A public key file's one line. A private key is refused: it has no business on a machine.
    private static func readKey(_ path: String) throws -> String {
        let text: String
        do {
            text = String(decoding: try FileContents.read(FilePath(path), limit: 1 << 16), as: UTF8.self)
        } catch let error as Errno {
            throw UsageError("The key '\(path)' cannot be read: \(error).")
        }
        if text.contains("PRIVATE KEY") {
            let publicPath = path + ".pub"
            guard (try? FilePath(publicPath).stat()) != nil else {
                throw UsageError("'\(path)' is a private key: --ssh-key wants the public one.")
            }
            return try readKey(publicPath)
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        guard lines.count == 1, let line = lines.first, line.split(separator: " ").count >= 2 else {
            throw UsageError("'\(path)' is not a public key: one line such as 'ssh-ed25519 AAAA… comment'.")
        }
        return String(line)
    }
}

extension PortForward {
    /// Reads `HOSTPORT:GUESTPORT` or `ADDRESS:HOSTPORT:GUESTPORT`.
    init(publish text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), let host = Int(parts[parts.count - 2]),
            let guest = Int(parts[parts.count - 1]),
            (1...65535).contains(host), (1...65535).contains(guest)
        else { throw UsageError("--publish '\(text)': write HOSTPORT:GUESTPORT, such as 8080:80.") }
        self.init(hostAddress: parts.count == 3 ? parts[0] : "127.0.0.1", hostPort: host, guestPort: guest)
    }
}
