import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

@Suite(
    "Preparing the machine", .timeLimit(.minutes(2)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct PreparationTests {
    /// A server whose /usr/sbin can be changed without changing this machine's.
    private var options: SSHServerFixture.Options {
        var options = SSHServerFixture.Options()
        options.preparation = """
            mkdir -p /mnt/overlay/sbin/upper /mnt/overlay/sbin/work
            mount -t overlay overlay \
            -o lowerdir=/usr/sbin,upperdir=/mnt/overlay/sbin/upper,workdir=/mnt/overlay/sbin/work /usr/sbin
            rm -f /usr/sbin/policy-rc.d
            """
        return options
    }

    private func with(_ body: (Replayer, Events, SSHServerFixture) async throws -> Void) async throws {
        try await SSHServerFixture.with(options) { server in
            let endpoint = server.endpoint
            let connector = SSHConnector(
                user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)
            ) { endpoint }
            let events = Events()
            let replayer = try await Replayer.start(
                connector, options: SupervisorOptions(build: "test"), log: server.directory("build.log")
            ) { events.append($0) }
            try await body(replayer, events, server)
            try await replayer.finish(remove: true)
        }
    }

    @Test(
        "Services of packages do not start during the replay, and the machine's own policy comes back",
        arguments: [
            "", "#!/bin/sh\nexit 104\n",
        ])
    func policy(own: String) async throws {
        try await with { replayer, events, server in
            let file = "/usr/sbin/policy-rc.d"
            let setup = own.isEmpty ? "true" : "printf '%s' '\(own)' >\(file); chmod 755 \(file)"
            try await replayer.run(plan([run(setup)]), archives: PreparedArchives())
            try await replayer.prepare()
            try await replayer.prepare()
            try await replayer.run(plan([run("true"), run("\(file); echo $?")]), archives: PreparedArchives(), from: 2)
            #expect(events.output(of: .step(2)) == "101\n")
            let restored = try await replayer.guest.run(
                SupervisedStep(id: "restore", script: GuestPreparation.restoreScript, isolation: .host))
            #expect(restored.succeeded)
            let look = own.isEmpty ? "test ! -e \(file)" : "\(file); echo $?"
            try await replayer.run(
                plan([run("true"), run("true"), run(look)]), archives: PreparedArchives(), from: 3)
            #expect(events.output(of: .step(3)) == (own.isEmpty ? "" : "104\n"))
        }
    }

    @Test("Whoever holds apt's lock is waited for")
    func locks() async throws {
        try await with { replayer, events, server in
            let lock = "/var/lib/dpkg/lock-frontend"
            let other = try await server.connect()
            let (held, holding) = AsyncStream.makeStream(of: Void.self)
            async let ended = other.run(
                RemoteCommand("exec flock \(lock) /bin/sh -c 'echo held; sleep 1.5'"), input: EmptyInput()
            ) { _, _ in holding.yield() }
            for await _ in held { break }
            let start = ContinuousClock.now
            try await replayer.prepare()
            #expect(ContinuousClock.now - start > .milliseconds(700))
            #expect(events.output(of: TaskID("prepare-apt")) == "waiting for \(lock)\n")
            _ = try await ended
            await other.close()
        }
    }
}
