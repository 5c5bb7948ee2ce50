import Foundation
import GuestSupervisor
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

@Suite("Replayer", .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(2)))
struct ReplayerTests {
    @Test("Steps run in order, are told as events, and are all in the log")
    func order() async throws {
        try await withReplayer { replayer, events, scratch in
            let directory = scratch("w/x").string
            let plan = plan([
                ("WORKDIR \(directory)", .makeDirectory(MakeDirectoryAction(path: directory, user: "daemon"))),
                run("pwd; id -un; touch here", user: "daemon", directory: directory),
                run("printf 'no newline'"),
            ])
            let results = try await replayer.run(plan, archives: PreparedArchives())
            #expect(results.map(\.id) == ["step-1", "step-2", "step-3"])
            #expect(events.output(of: .step(2)) == "\(directory)\ndaemon\n")
            #expect(events.all.first == .taskStarted(.step(1), label: "[1/3] WORKDIR \(directory)"))
            #expect(events.all.last == .taskFinished(.step(3), .done))
            let log = String(decoding: try scratch.read("build.log"), as: UTF8.self)
            #expect(log.contains("=== [2/3] RUN pwd; id -un; touch here\n\(directory)\ndaemon\n--- exit status 0"))
            #expect(log.contains("no newline\n--- exit status 0"))
            let owner = try FileManager.default.attributesOfItem(atPath: scratch("w").string)
            #expect(owner[.ownerAccountID] as? Int == 1)
            #expect(owner[.posixPermissions] as? Int == 0o755)
        }
    }

    @Test("A failing step is named with its line, status, last lines and log, and no later step starts")
    func failure() async throws {
        try await withReplayer { replayer, events, scratch in
            let marker = scratch("ran").string
            let plan = plan([
                run("true"), run("for i in $(seq 100); do echo line $i; done; printf '\\033[31mred'; exit 9"),
                run("touch \(marker)"),
            ])
            let error = await #expect(throws: ReplayError.self) {
                try await replayer.run(plan, archives: PreparedArchives())
            }
            #expect(error?.code == .stepFailed)
            #expect(error?.lines == LineRange(first: 3, last: 3))
            #expect(error?.end == .exited(9))
            #expect(error?.context.count == 20)
            #expect(error?.context.last == "\u{FFFD}[31mred")
            #expect(error?.context.first == "line 82")
            #expect(error?.log == scratch("build.log").string)
            #expect(!scratch.holds("ran"))
            #expect(events.all.last == .taskFinished(.step(2), .failed("exit status 9")))
        }
    }

    @Test("After a failure the plan goes on from the step that failed, and earlier ones do not run again")
    func resume() async throws {
        try await withReplayer { replayer, _, scratch in
            let counter = scratch("count").string
            let flag = scratch("flag").string
            let plan = plan([run("echo 1 >>\(counter)"), run("test -e \(flag)"), run("echo 3 >>\(counter)")])
            await #expect(throws: ReplayError.self) { try await replayer.run(plan, archives: PreparedArchives()) }
            try scratch.write("", to: "flag")
            let results = try await replayer.run(plan, archives: PreparedArchives(), from: 2, attempt: 2)
            #expect(results.count == 2)
            #expect(String(decoding: try scratch.read("count"), as: UTF8.self) == "1\n3\n")
        }
    }

    @Test("Cancelling the task ends the running step")
    func cancellation() async throws {
        try await withReplayer { replayer, events, _ in
            let plan = plan([run("echo up; sleep 987651")])
            let task = Task { try await replayer.run(plan, archives: PreparedArchives()) }
            while events.output(of: .step(1)) != "up\n" { try await Task.sleep(for: .milliseconds(5)) }
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await replayer.cancel()
            #expect(ContinuousClock.now - start < .seconds(1))
            #expect(events.all.last == .taskFinished(.step(1), .cancelled))
        }
    }
}
