import Capture
import Clouds
import RemoteHosts
import ReplayEvents
import SSHTransport
import Store
import Templates

/// Boots two copies of a template, side by side, reboots one of them, and holds what they are against the record.
struct TemplateVerification: Sendable {
    let workshop: Workshop
    let image: CloudImage
    let record: TemplateRecord
    let options: MachineOptions
    /// The key that admitted the build user, where it is still known; a key of nobody's otherwise.
    var buildKey: SSHKeyPair?
    /// The host key of the build machine, where it is still known.
    var buildHostKey: SSHPublicKey?
    let events: EventHandler

    /// How long a copy's service, check and ports may take after its boot, in seconds.
    private static let deadline = 120

    /// What became of one copy.
    private struct Copy: Sendable {
        var observations: [CopyObservation] = []
        var report = VerificationReport()
    }

    /// Verifies; throws `.verifyFailed` when something is wrong.
    func requirePassed() async throws -> VerificationReport {
        let report = try await run()
        guard report.passed else {
            throw CaptureError(
                .verifyFailed, "The template's copies are not as they must be: \(report.problems.count) problems.",
                context: report.problems)
        }
        return report
    }

    /// Why templates of a cloud cannot be verified that shows no console.
    static func needsConsole(_ driver: any CloudDriver) -> CloudError {
        CloudError(
            .unsupported,
            "Templates of the cloud '\(driver.name)' cannot be verified: the new host key of a copy is read from its console, which this cloud does not show.",
            context: ["Look into a copy with 'replay template run NAME -- COMMAND'."])
    }

    /// Verifies.
    func run() async throws -> VerificationReport {
        guard workshop.driver.capabilities.localImages else { throw Self.needsConsole(workshop.driver) }
        async let first = boot("first", reboots: true)
        async let second = boot("second", reboots: false)
        let (one, two) = try await (first, second)
        var report = VerificationReport()
        report.compare(
            first: one.observations[0], rebooted: one.observations[1], second: two.observations[0], with: record)
        if let word = buildHostKey?.word {
            let kept = (one.observations + two.observations).contains { $0.hostKeys.contains(word) }
            report.note("host keys are not the build machine's", kept ? "one of them is" : nil)
        }
        for check in one.report.checks + two.report.checks { report.note(check.name, check.problem) }
        return report
    }

    private func boot(_ label: String, reboots: Bool) async throws -> Copy {
        let request = MachineRequest(
            name: record.name.description, purpose: .boot, options: options, user: "root")
        return try await workshop.withMachine(
            request, task: TaskID("boot-\(label)"), label: "boot the \(label) copy of \(record.name)", events: events,
            source: { _ in .image(image) },
            seed: { CloudConfig.verification($0, access: $1, hostName: "\(record.name.name)-\(label)") },
            connect: { machine in try await ownHostKey(of: machine) },
            body: { machine, hostKey in
                try await task(TaskID("verify-\(label)"), "look at the \(label) copy", events: events) {
                    try await workshop.whileRunning(machine.instance) {
                        try await look(at: machine, hostKey, reboots: reboots)
                    }
                }
            })
    }

    /// The key that the copy has made and told on its console.
    private func ownHostKey(of machine: Machine) async throws -> SSHPublicKey {
        let driver = workshop.driver
        return try await Waiter(longestPause: .milliseconds(500)).wait(
            for: "the copy's host key on its console", within: .seconds(options.bootTimeout)
        ) { () async throws -> SSHPublicKey? in
            try await driver.requireRunning(machine.instance)
            return ConsoleHostKey.find(in: try await driver.console(of: machine.instance, last: 1 << 16))
        }
    }

    private func look(
        at machine: Machine, _ hostKey: SSHPublicKey, reboots: Bool
    ) async throws -> Copy {
        var copy = Copy()
        let connector = workshop.connector(
            to: machine.instance, user: "root", hostKey: hostKey, userKey: machine.userKey)
        let end = ContinuousClock.now + .seconds(options.bootTimeout)
        var host = try await connector.connect(until: end)
        copy.observations.append(try await observe(host))
        if reboots {
            try await refuse(machine, hostKey, &copy.report)
            let before = copy.observations[0].bootID
            _ = try? await host.capture(RemoteCommand("systemctl reboot"))
            await host.close()
            host = try await connect(connector, after: before)
            copy.observations.append(try await observe(host))
        } else {
            for test in record.tests ?? [] {
                let result = try await host.capture(RemoteCommand("exec /bin/sh -c \(ShellQuoting.quoted(test))"))
                let lines = (result.text + result.errorText).split(separator: "\n").suffix(3).joined(separator: "; ")
                copy.report.note("test \(test)", result.status == .exited(0) ? nil : "\(result.status): \(lines)")
            }
        }
        await host.close()
        return copy
    }

    private func observe(_ host: any RemoteHost) async throws -> CopyObservation {
        let script = CopyProbe.script(for: record, deadline: Self.deadline)
        let result = try await host.capture(RemoteCommand("exec /bin/sh -c \(ShellQuoting.quoted(script))"))
        let observation = CopyObservation(result.text)
        guard observation.isComplete else {
            throw CaptureError(
                .verifyFailed, "A copy could not be looked at: \(result.status).",
                context: (result.text + result.errorText).split(separator: "\n").suffix(20).map(String.init))
        }
        return observation
    }

    /// Connects when the machine has gone through another boot than the given one: the server of the old one may still answer.
    private func connect(_ connector: SSHConnector, after boot: String) async throws -> any RemoteHost {
        let end = ContinuousClock.now + .seconds(options.bootTimeout)
        while true {
            let host = try await connector.connect(until: end)
            if let answer = try? await host.capture(RemoteCommand("cat /proc/sys/kernel/random/boot_id")),
                answer.status == .exited(0), answer.text.trimmingPrefix(while: \.isWhitespace).prefix(36) != boot
            {
                return host
            }
            await host.close()
            guard ContinuousClock.now < end else {
                throw CaptureError(.verifyFailed, "The copy did not reboot within \(options.bootTimeout) s.")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// The build's key must admit nobody, and the build user nobody's key.
    private func refuse(
        _ machine: Machine, _ hostKey: SSHPublicKey, _ report: inout VerificationReport
    ) async throws {
        guard let address = try await workshop.driver.addresses(of: machine.instance).first else { return }
        let key = try buildKey ?? SSHKeyPair.ed25519(comment: "nobody")
        for user in ["root", GuestAccess.buildUser] {
            do {
                let connection = try await SSHConnection.connect(
                    to: SSHEndpoint(host: address.host, port: address.port), user: user, key: key.privateKey,
                    hostKey: .pinned(hostKey), configuration: SSHConfiguration(), until: .now + .seconds(60))
                await connection.close()
                report.note("the build is refused as \(user)", "its key was admitted")
            } catch let error as SSHError where error.code == .authenticationFailed {
                report.note("the build is refused as \(user)", nil)
            }
        }
    }
}

/// The host key that cloud-init writes to the console (cc_keys_to_console): `ssh-ed25519 AAAA… root@name`.
enum ConsoleHostKey {
    /// The last one of the ed25519 type that is there in full.
    static func find(in console: [UInt8]) -> SSHPublicKey? {
        let words = ConsoleText.lines(of: console).map { $0.split(separator: " ").map(String.init) }
        for line in words.reversed() {
            // A line is whole when the comment after the key has begun.
            guard let at = line.firstIndex(of: "ssh-ed25519"), line.count > at + 2 else { continue }
            if let key = try? SSHPublicKey("ssh-ed25519 \(line[at + 1])") { return key }
        }
        return nil
    }
}
