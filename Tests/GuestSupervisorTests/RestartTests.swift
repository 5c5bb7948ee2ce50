import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

/// Restarts, on a server that can pretend to be another boot of its machine: its boot id is a file, and its `reboot`
/// changes that file and ends every process of the supervisor.
@Suite(
    "Restarts", .timeLimit(.minutes(2)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct RestartTests {
    private static let state = "/var/lib/replay-test"

    private static func options(reboot: String) -> SSHServerFixture.Options {
        var options = SSHServerFixture.Options()
        options.preparation = """
            set -e
            mkdir -p /run/sbin/upper /run/sbin/work
            mount -t overlay overlay \
            -o lowerdir=/usr/sbin,upperdir=/run/sbin/upper,workdir=/run/sbin/work /usr/sbin
            # It is a link to systemctl, which is this machine's own: what is written here must not follow it.
            rm -f /usr/sbin/reboot
            [ ! -e /usr/sbin/reboot ] && [ ! -L /usr/sbin/reboot ] || exit 1
            cat /proc/sys/kernel/random/uuid >/run/boot_id
            mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
            cat >/usr/sbin/reboot <<'END'
            #!/bin/sh
            \(reboot)
            END
            chmod 755 /usr/sbin/reboot
            """
        return options
    }

    /// The restart, and what of the state it loses.
    private static func restart(loss: String = "") -> String {
        """
        cd \(state) || exit
        cat /proc/sys/kernel/random/uuid >/run/boot_id
        for name in executor collector; do
            read -r pid _ <"$name" && kill -s KILL "$pid"
        done
        read -r pid _ <attach
        \(loss)
        kill -s KILL -- "-$pid"
        exit 0
        """
    }

    private func connector(_ server: SSHServerFixture) -> SSHConnector {
        let endpoint = server.endpoint
        return SSHConnector(user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)) {
            endpoint
        }
    }

    private func with(
        reboot: String = restart(), _ body: (SupervisedGuest, EventLog, SSHServerFixture) async throws -> Void
    ) async throws {
        try await SSHServerFixture.with(Self.options(reboot: reboot)) { server in
            let log = EventLog()
            let options = SupervisorOptions(build: "test")
            let guest = try await SupervisedGuest.start(connector(server), options: options) { log.append($0) }
            try await body(guest, log, server)
            try await guest.finish(remove: false)
        }
    }

    private func run(_ command: String, on server: SSHServerFixture) async throws {
        let host = try await server.connect()
        let answer = try await host.capture(RemoteCommand(command))
        #expect(answer.status == .exited(0), "\(answer)")
        await host.close()
    }

    private func restarting(_ id: String, _ line: String) -> SupervisedStep {
        var step = shellStep(id, line)
        step.restartsMachine = true
        return step
    }

    @Test("Declared restarts: each step runs once, in order, the later ones in the later boot")
    func declared() async throws {
        try await with { guest, log, _ in
            let boot = "cat /proc/self/mountinfo >/dev/null; cat /run/boot_id"
            guest.queue(restarting("a", "\(boot); echo a >>/var/count"))
            guest.queue(restarting("b", "\(boot); echo b >>/var/count"))
            guest.queue(shellStep("c", "\(boot); echo c >>/var/count; cat /var/count >&2"))
            for id in ["a", "b", "c"] {
                let result = try await guest.result(of: id)
                #expect(result.end == .exited(0), "\(id)")
                #expect(log.starts(of: id) == 1)
            }
            let lines = log.text(of: "c").split(separator: "\n")
            #expect(lines.dropFirst() == ["a", "b", "c"])
            let boots = Set(["a", "b"].map { log.text(of: $0) } + lines.prefix(1).map { "\($0)\n" })
            #expect(boots.count == 3, "three boots: \(boots)")
            #expect(log.events.filter { $0 == .restarting("a") || $0 == .restarting("b") }.count == 2)
        }
    }

    @Test("A step that fails does not restart the machine")
    func failing() async throws {
        try await with { guest, log, _ in
            let result = try await guest.run(restarting("a", "exit 7"))
            #expect(result.end == .exited(7))
            #expect(!log.events.contains(.restarting("a")))
        }
    }

    @Test("A machine that cannot restart fails the step and says so")
    func impossible() async throws {
        try await with(reboot: "echo no such thing >&2; exit 1") { guest, log, _ in
            let result = try await guest.run(restarting("a", "true"))
            #expect(result.end == .exited(125))
            #expect(log.text(of: "a") == "no such thing\nreplay: the machine cannot be restarted\n")
        }
    }

    @Test(
        "A restart that nobody asked for fails the step and names it, whatever the crash has left of the state",
        arguments: ["", ": >journal", ": >journal; : >queue; : >output", ": >boot", ": >secret", "rm -f secret"])
    func crash(loss: String) async throws {
        try await with(reboot: Self.restart(loss: loss)) { guest, log, server in
            guest.queue(shellStep("a", "true"))
            guest.queue(shellStep("b", "echo up; sleep 1000"))
            guest.queue(shellStep("c", "true"))
            while log.text(of: "b") != "up\n" { try await Task.sleep(for: .milliseconds(5)) }
            try await run("reboot", on: server)
            let error = await #expect(throws: GuestSupervisorError.self) { _ = try await guest.result(of: "b") }
            #expect(error?.code == .rebooted)
            #expect(error?.message == "the machine restarted by itself during b")
            await #expect(throws: GuestSupervisorError.self) { _ = try await guest.result(of: "c") }
        }
    }

    @Test(
        "When the machine comes back with another host key, it is refused before one byte of authentication",
        arguments: [true, false])
    func impostor(restarts: Bool) async throws {
        var verbose = SSHServerFixture.Options()
        verbose.configuration = ["LogLevel DEBUG2"]
        let reboot = "while [ ! -e /run/go ]; do sleep 0.05; done\n" + Self.restart()
        try await SSHServerFixture.with(verbose) { impostor in
            try await SSHServerFixture.with(Self.options(reboot: reboot)) { server in
                let proxy = try FaultProxy(to: server.endpoint)
                defer { proxy.stop() }
                // The impostor would let us in.
                try impostor.directory.write("\(server.userKey.publicKey)\n", to: "authorized_keys", mode: 0o600)
                let connector = SSHConnector(
                    user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)
                ) { proxy.endpoint }
                let log = EventLog()
                let guest = try await SupervisedGuest.start(connector, options: SupervisorOptions(build: "test")) {
                    log.append($0)
                }
                var step = shellStep("a", restarts ? "true" : "echo up; sleep 1000")
                step.restartsMachine = restarts
                guest.queue(step)
                while !log.events.contains(.restarting("a")), log.text(of: "a") != "up\n" {
                    try await Task.sleep(for: .milliseconds(5))
                }
                proxy.retarget(to: impostor.endpoint)
                try await run(
                    restarts ? "touch /run/go" : "read -r p _ <\(Self.state)/attach && kill -s KILL -- -$p", on: server)
                let error = await #expect(throws: GuestSupervisorError.self) { _ = try await guest.result(of: "a") }
                #expect(error?.code == .connectionLost)
                #expect(
                    (error?.cause as? SSHError)?.code == .hostKeyMismatch,
                    "\(error.map(String.init(describing:)) ?? "")")
                await #expect(isSoon { impostor.log.contains("SSH2_MSG_NEWKEYS received") })
                #expect(!impostor.log.contains("userauth-request"))
                #expect(!impostor.log.contains("authenticating user"))
                try? await guest.finish(remove: false)
            }
        }
    }
}
