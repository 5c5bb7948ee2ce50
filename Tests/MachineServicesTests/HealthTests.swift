import Foundation
import MachineServices
import ReplayTestSupport
import SystemPackage
import Testing

/// `replay-health`, run here with a stand-in for systemctl: Docker's states.
@Suite(.timeLimit(.minutes(1))) struct HealthTests {
    /// A machine whose check ends with the status that stands in the file `answer`.
    private func with(
        _ flags: String, check: String = "CMD echo checked; exit $(cat $ANSWER)",
        _ body: (RelocatedMachine, (String, Int) async throws -> Void) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with { scratch in
            _ = try await CommandRun.run(["chmod", "755", scratch.path.string])
            let setup = try machineSetup(
                "FROM debian:12\nENV ANSWER=\(scratch("answer"))\nHEALTHCHECK \(flags) \(check)\nCMD [\"x\"]")
            let machine = try await RelocatedMachine(setup, below: scratch.path)
            try scratch.write("#!/bin/sh\ncat \(scratch("unit"))\n", to: "tools/systemctl", mode: 0o755)
            // The service became active so many milliseconds ago.
            try await body(machine) { invocation, age in
                let uptime = try await CommandRun.run(["cat", "/proc/uptime"]).output
                let now = uptime.split(separator: " ").first.flatMap { Double($0) } ?? 0
                let began = Int(now * 1_000_000) - age * 1000
                try scratch.write(
                    "ActiveState=active\nInvocationID=\(invocation)\nActiveEnterTimestampMonotonic=\(began)\n",
                    to: "unit")
            }
        }
    }

    private func run(_ machine: RelocatedMachine, _ arguments: String...) async throws -> CommandRun.Result {
        try await CommandRun.run([machine.relocate("/usr/local/bin/replay-health")] + arguments)
    }

    private func answer(_ machine: RelocatedMachine, _ status: Int) async throws {
        _ = try await CommandRun.run(["sh", "-c", "echo \(status) >\(machine.root)/answer"])
    }

    /// Each letter is a check: `+` succeeds, `-` fails. What is expected is the state after each.
    @Test(arguments: [
        ("", "+-+--+---+", "hhhhhhhhuh"), ("", "---+", "ssuh"), ("--retries=1", "-+-", "uhu"),
        ("--start-period=1h --start-interval=1h --retries=2", "+---", "hhuu"),
    ])
    func `states follow the results`(flags: String, results: String, states: String) async throws {
        try await with(flags) { machine, activate in
            try await activate("one", 100_000_000)
            var seen = ""
            for result in results {
                try await answer(machine, result == "+" ? 0 : 1)
                _ = try await run(machine, "--probe")
                let shown = try await run(machine)
                seen.append(shown.output.first ?? "?")
                let statuses: [Character: Int32] = ["h": 0, "u": 1, "s": 2]
                #expect(shown.output.first.map { statuses[$0] } == shown.status)
            }
            #expect(seen == states)
        }
    }

    @Test func `in the start period failures do not count, and the check is repeated until it is over`() async throws {
        try await with("--start-period=1200ms --start-interval=100ms --retries=1") { machine, activate in
            try await answer(machine, 1)
            try await activate("one", 200)
            let probed = try await run(machine, "--probe")
            #expect(probed.output == "<5>replay-app.service is unhealthy\n" || probed.output == "")
            let shown = try await run(machine)
            #expect(
                shown.output.split(separator: "\n").filter { $0.contains("exit status 1") }.count == 5,
                "\(shown.output)")
            try await answer(machine, 0)
            let healthy = try await run(machine, "--probe")
            #expect(healthy.output == "<5>replay-app.service is healthy\n")
        }
    }

    @Test func `the first check waits for its time, and a service that starts again is a new one`() async throws {
        try await with("--interval=10s") { machine, activate in
            try await answer(machine, 0)
            try await activate("one", 9000)
            _ = try await run(machine, "--probe")
            #expect(try await run(machine).output == "starting\nfailures in a row: 0\n")
            try await activate("one", 10_000)
            _ = try await run(machine, "--probe")
            #expect(try await run(machine).output.hasPrefix("healthy\n"))
            try await activate("two", 10)
            #expect(try await run(machine).output == "starting\nfailures in a row: 0\n")
        }
    }

    @Test func `a check that takes too long is killed with its children, and says so`() async throws {
        try await with("--timeout=300ms --retries=1", check: "CMD sleep 60 & sleep 60") { machine, activate in
            try await activate("one", 100_000)
            let began = ContinuousClock.now
            let probed = try await run(machine, "--probe")
            #expect(ContinuousClock.now - began < .seconds(10))
            #expect(probed.output == "<5>replay-app.service is unhealthy\n", "\(probed.errors)")
            let shown = try await run(machine)
            #expect(shown.status == 1)
            #expect(shown.output.contains(": exit status -1 after "))
            #expect(shown.output.contains("Health check exceeded timeout (0.300s)\n"))
        }
    }

    @Test func `five results and 4096 bytes of each are kept`() async throws {
        try await with("", check: "CMD head -c 1000000 /dev/zero | tr '\\0' x; exit $(cat $ANSWER)") {
            machine, activate in
            try await activate("one", 100_000)
            try await answer(machine, 0)
            for _ in 1...7 { _ = try await run(machine, "--probe") }
            let shown = try await run(machine)
            #expect(shown.output.split(separator: "\n").filter { $0.contains("exit status 0") }.count == 5)
            #expect(shown.output.count { $0 == "x" } == 5 * 4096 + 5 * "exit".count { $0 == "x" })
        }
    }

    @Test func `without a running service there is no health`() async throws {
        try await with("") { machine, _ in
            _ = try await CommandRun.run(["sh", "-c", "echo ActiveState=inactive >\(machine.root)/unit"])
            let shown = try await run(machine)
            #expect(shown.output == "stopped\n")
            #expect(shown.status == 3)
            #expect(try await run(machine, "--probe").status == 0)
        }
    }
}
