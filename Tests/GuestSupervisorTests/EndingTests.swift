import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SystemPackage
import Testing

/// What others have taken for a success, or waited for without an end.
@Suite("Endings", .serialized, .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(1)))
struct EndingTests {
    @Test("A step whose runner is killed is no success, and none after it runs", arguments: shells)
    func killedRunner(program: String) async throws {
        try await withGuest(shell: program) { guest, log, scratch in
            guest.queue(shellStep("s", "echo up; sleep 986001"))
            guest.queue(shellStep("never", "true"))
            while log.text(of: "s") != "up\n" { try await Task.sleep(for: .milliseconds(5)) }
            try shell("read -r pid _ <\(scratch("replay-state/current")) && kill -s KILL $pid")
            let result = try await guest.result(of: "s")
            #expect(result.end == .lost)
            #expect(!result.succeeded)
            await #expect(throws: GuestSupervisorError.self) { try await guest.result(of: "never") }
            await #expect(isSoon { processes(named: "986001").isEmpty })
        }
    }

    @Test(
        "A killed supervisor is noticed and started again, with the link or without it, and its step is no success",
        arguments: [true, false])
    func killedSupervisor(cutsLink: Bool) async throws {
        let connector = LocalConnector()
        try await withGuest(connector: connector, adjust: { $0.pingInterval = .milliseconds(200) }) {
            guest, log, scratch in
            guest.queue(shellStep("s", "echo up; sleep 986002"))
            while log.text(of: "s") != "up\n" { try await Task.sleep(for: .milliseconds(5)) }
            try shell("read -r pid _ <\(scratch("replay-state/executor")) && kill -s KILL $pid")
            if cutsLink { await connector.cut() }
            let result = try await guest.result(of: "s")
            #expect(result.end == .lost)
            #expect(log.starts(of: "s") == 1)
            await #expect(isSoon { processes(named: "986002").isEmpty })
            guest.resume(as: "again")
            let next = try await guest.run(shellStep("t", "echo next"))
            #expect(next.succeeded)
        }
    }

    @Test("A link that stays away is waited for exactly as long as was said, and the error says so")
    func goneForGood() async throws {
        try await ScratchDirectory.with { scratch in
            let connector = VanishingConnector()
            var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
            options.asRoot = false
            options.reconnectTimeout = .seconds(2)
            let log = EventLog()
            let guest = try await SupervisedGuest.start(connector, options: options) { log.append($0) }
            guest.queue(shellStep("s", "sleep 986003"))
            while log.starts(of: "s") == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let start = ContinuousClock.now
            await connector.vanish()
            let error = await #expect(throws: GuestSupervisorError.self) { try await guest.result(of: "s") }
            let waited = ContinuousClock.now - start
            #expect(waited > .seconds(1.9) && waited < .seconds(4), "\(waited)")
            #expect(error?.code == .connectionLost)
            #expect(error?.message.hasSuffix("did not come back within 2s") == true)
            try? await guest.finish(remove: false)
            // The machine is not lost: whoever comes later finds the step.
            let later = try await SupervisedGuest.start(LocalConnector(), options: options)
            later.queue(shellStep("s", "exit 9"))
            await later.cancel()
            let result = try await later.result(of: "s")
            #expect(result.end == .cancelled)
            try await later.finish(remove: true)
        }
    }

    @Test(
        "What a step's environment and script say stands in no argument vector and in no file for others",
        arguments: shells)
    func secrets(program: String) async throws {
        let secret = "s3cret-\(UInt64.random(in: 0...UInt64.max))"
        try await withGuest(shell: program) { guest, log, scratch in
            var script = StepScript(arguments: ["/bin/sh", "-c", #"echo "${#TOKEN}"; sleep 0.6; exit 0"#])
            script.environment = [("PATH", "/usr/bin:/bin"), ("TOKEN", "\(secret), with 'quotes' and $more")]
            guest.queue(SupervisedStep(id: "s", script: script.text))
            while log.starts(of: "s") == 0 || !log.text(of: "s").hasSuffix("\n") {
                #expect(processes(named: secret).isEmpty)
                try await Task.sleep(for: .milliseconds(2))
            }
            for _ in 1...20 {
                #expect(processes(named: secret).isEmpty)
                try await Task.sleep(for: .milliseconds(5))
            }
            let open = try shell(
                "find '\(scratch("replay-state"))' -type f -perm /077; ls -ld '\(scratch("replay-state"))'")
            #expect(open.hasPrefix("drwx------"), "\(open)")
            let result = try await guest.result(of: "s")
            #expect(result.succeeded)
            #expect(!log.text(of: "s").contains(secret))
        }
    }
}

/// Connections to this machine, until it is as if there were none any more.
final class VanishingConnector: HostConnector {
    struct Unreachable: Error {}

    private let host = Shared<LocalHost?>(LocalHost())

    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        if let host = host.value { return host }
        try await Task.sleep(until: deadline)
        throw Unreachable()
    }

    func vanish() async {
        let last = host.withLock { host in
            defer { host = nil }
            return host
        }
        await last?.close()
    }
}
