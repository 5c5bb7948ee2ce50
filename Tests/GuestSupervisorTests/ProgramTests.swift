import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SystemPackage
import Testing

@Suite("The guest's programs", .timeLimit(.minutes(2)))
struct ProgramTests {
    private static let programs: [String] = {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources")
        return [
            "GuestSupervisor/Guest/supervisor.sh", "GuestSupervisor/Guest/prelude.sh", "ReplayEngine/Guest/files.sh",
        ]
        .map { sources.appending(path: $0).path }
    }()

    @Test("Every shell can read them", arguments: programs, shells)
    func syntax(program: String, shell: String) throws {
        let answer = try GuestSupervisorTests.shell("\(shell) -n '\(program)' 2>&1; echo $?")
        #expect(answer == "0\n")
    }

    @Test(
        "shellcheck has nothing to say",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/shellcheck")),
        arguments: programs)
    func shellcheck(program: String) throws {
        let answer = try shell("shellcheck -s sh -e SC2154,SC2034 '\(program)' 2>&1")
        #expect(answer == "")
    }

    @Test("Without root, steps run as the user, end with their process group, and are told as ever", arguments: shells)
    func ordinaryUser(shell: String) async throws {
        try await ScratchDirectory.with { scratch in
            try GuestSupervisorTests.shell("chmod 755 \(scratch.path); mkdir -m 777 \(scratch("home"))")
            var options = SupervisorOptions(stateDirectory: scratch("home/replay-state").string, shell: shell)
            options.asRoot = false
            let log = EventLog()
            let guest = try await SupervisedGuest.start(NobodyConnector(), options: options) { log.append($0) }
            guest.queue(shellStep("a", "echo hello; sleep 987650 & exit 4", stops: false))
            guest.queue(shellStep("b", "kill -9 $$", stops: false))
            guest.queue(shellStep("c", "setsid sleep 1 & echo c"))
            guest.queue(shellStep("d", "echo up; sleep 987650"))
            let ends = [StepEnd.exited(4), .signalled(9), .exited(0)]
            for (id, end) in zip(["a", "b", "c"], ends) {
                let result = try await guest.result(of: id)
                #expect(result.end == end)
            }
            #expect(log.text(of: "a") == "hello\n")
            while log.text(of: "d") != "up\n" { try await Task.sleep(for: .milliseconds(5)) }
            await guest.cancel()
            let last = try await guest.result(of: "d")
            #expect(last.end == .cancelled)
            // Without a namespace nobody waits for the rest of the killed group.
            let deadline = ContinuousClock.now + .seconds(2)
            while !processes(named: "987650").isEmpty, .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
            #expect(processes(named: "987650").isEmpty)
            try await guest.finish(remove: true)
            #expect(!scratch.holds("home/replay-state"))
        }
    }
}

/// Connections to this machine as an ordinary user.
struct NobodyConnector: HostConnector {
    func connect(until deadline: ContinuousClock.Instant) async throws -> any RemoteHost {
        NobodyHost(host: LocalHost())
    }
}

struct NobodyHost: RemoteHost {
    let host: LocalHost

    func run(
        _ command: RemoteCommand, input: any InputSource,
        output: @escaping @Sendable (RemoteStream, [UInt8]) throws -> Void
    ) async throws -> RemoteHosts.ExitStatus {
        let quoted = command.line.replacing("'", with: "'\\''")
        let line = "exec setpriv --reuid 65534 --regid 65534 --clear-groups /bin/sh -c '\(quoted)'"
        return try await host.run(RemoteCommand(line), input: input, output: output)
    }

    func close() async { await host.close() }
}
