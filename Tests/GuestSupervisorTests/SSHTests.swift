import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

@Suite(
    "Over SSH", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct SSHTests {
    private func connector(_ server: SSHServerFixture) -> SSHConnector {
        var pacing = SSHConnector.Pacing()
        pacing.firstPause = .milliseconds(20)
        pacing.longestPause = .milliseconds(100)
        pacing.loginInterval = .milliseconds(100)
        let endpoint = server.endpoint
        return SSHConnector(
            user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey), pacing: pacing
        ) { endpoint }
    }

    private func with(
        _ options: SSHServerFixture.Options = SSHServerFixture.Options(),
        _ body: (SupervisedGuest, EventLog, SSHServerFixture) async throws -> Void
    ) async throws {
        try await SSHServerFixture.with(options) { server in
            var options = SupervisorOptions(build: "test")
            options.connectTimeout = .seconds(20)
            options.reconnectTimeout = .seconds(20)
            let log = EventLog()
            let guest = try await SupervisedGuest.start(connector(server), options: options) { log.append($0) }
            try await body(guest, log, server)
            try await guest.finish(remove: true)
        }
    }

    @Test("Twenty steps queued ahead on an open connection")
    func speed() async throws {
        try await with { guest, log, _ in
            for round in 1...3 {
                let start = ContinuousClock.now
                for number in 1...20 { guest.queue(shellStep("r\(round)s\(number)", "true")) }
                for number in 1...20 {
                    let result = try await guest.result(of: "r\(round)s\(number)")
                    #expect(result.succeeded)
                }
                print("20 steps over SSH: \(ContinuousClock.now - start)")
            }
        }
    }

    @Test("What start-up files print does not matter")
    func noise() async throws {
        var options = SSHServerFixture.Options()
        options.preparation = """
            printf 'echo noise; printf partial; echo trouble >&2; printf more >&2\\n' >/root/.bashrc
            """
        try await with(options) { guest, log, _ in
            let result = try await guest.run(shellStep("s", "echo clean"))
            #expect(result.succeeded)
            #expect(log.text(of: "s") == "clean\n")
        }
    }

    @Test("Steps outlive their connection: sshd's session is killed, and everything goes on")
    func killedSession() async throws {
        try await with { guest, log, server in
            guest.queue(shellStep("s", "seq 1 20000; sleep 0.5; seq 20001 40000"))
            guest.queue(shellStep("t", "echo t"))
            while log.starts(of: "s") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await server.connect()
            _ = try await second.capture(
                RemoteCommand("read -r pid _ </var/lib/replay-test/attach; kill -s KILL -- -$pid"))
            await second.close()
            let result = try await guest.result(of: "t")
            #expect(result.succeeded)
            #expect(log.text(of: "s") == (1...40000).map { "\($0)\n" }.joined())
            #expect(log.events.contains(.linkLost))
        }
    }

    @Test(
        "dropbear will do as well: endings, a killed session, an upload",
        .enabled(if: SSHServerFixture.obstacle(.dropbear) == nil, "needs dropbear-bin, and root"))
    func dropbear() async throws {
        var options = SSHServerFixture.Options()
        options.software = .dropbear
        try await with(options) { guest, log, server in
            let endings: [(String, StepEnd)] = [
                ("exit 0", .exited(0)), ("exit 255", .exited(255)), ("kill -TERM $$", .signalled(15)),
            ]
            for (line, end) in endings {
                let result = try await guest.run(
                    shellStep("end-\(end.description.filter(\.isNumber))", line, stops: false))
                #expect(result.end == end)
            }
            guest.queue(shellStep("s", "seq 1 20000; sleep 0.5; seq 20001 40000 >&2"))
            while log.starts(of: "s") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await server.connect()
            _ = try await second.capture(
                RemoteCommand("read -r pid _ </var/lib/replay-test/attach; kill -s KILL -- -$pid"))
            await second.close()
            let result = try await guest.result(of: "s")
            #expect(result.succeeded)
            #expect(log.text(of: "s") == (1...40000).map { "\($0)\n" }.joined())
            #expect(log.events.contains(.linkLost))
            let bytes = MadeBytes(count: 16 << 20, seed: 4)
            try await guest.upload(blob: "b", from: bytes, digest: { bytes.digest })
            let sum = try await guest.run(SupervisedStep(id: "sum", script: "sha256sum <blobs/b.ready\n", blob: "b"))
            #expect(sum.succeeded)
            #expect(log.text(of: "sum") == "\(bytes.digest)  -\n")
        }
    }

    @Test("A large upload arrives whole")
    func upload() async throws {
        try await with { guest, log, _ in
            let bytes = MadeBytes(count: 64 << 20, seed: 3)
            let start = ContinuousClock.now
            try await guest.upload(blob: "b", from: bytes, digest: { bytes.digest })
            print("64 MiB over SSH: \(ContinuousClock.now - start)")
            let result = try await guest.run(
                SupervisedStep(id: "sum", script: "sha256sum <blobs/b.ready\nrm blobs/b.ready\n", blob: "b"))
            #expect(result.succeeded)
            #expect(log.text(of: "sum") == "\(bytes.digest)  -\n")
        }
    }

    @Test("A cancellation is not held up by an upload")
    func cancelDuringUpload() async throws {
        try await with { guest, log, _ in
            guest.queue(shellStep("s", "sleep 100"))
            while log.starts(of: "s") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let upload = Task { try await guest.upload(blob: "b", from: MadeBytes(count: 1 << 30, seed: 3)) }
            try await Task.sleep(for: .milliseconds(300))
            let start = ContinuousClock.now
            await guest.cancel()
            #expect(ContinuousClock.now - start < .seconds(1))
            upload.cancel()
            _ = try? await upload.value
        }
    }

    @Test("An ordinary user without sudo is told what is missing")
    func noSudo() async throws {
        let error = await #expect(throws: GuestSupervisorError.self) {
            try await SupervisedGuest.start(NobodyConnector(), options: SupervisorOptions(build: "none"))
        }
        #expect(error?.code == .startFailed)
        #expect(error?.context.contains { $0.contains("sudo") } == true)
    }
}
