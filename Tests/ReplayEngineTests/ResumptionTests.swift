import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayEngine
import ReplayEvents
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

/// Builds that another client takes up, with the Dockerfile as it was or edited.
@Suite("Resumption", .serialized, .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(3)))
struct ResumptionTests {
    /// Runs two clients on this machine, one after the other, with the same files.
    private func withTwoClients(
        _ first: (Replayer, ScratchDirectory) async throws -> Void,
        _ second: (Replayer, ScratchDirectory, Events) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with { scratch in
            var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
            options.asRoot = false
            options.connectTimeout = .seconds(20)
            let log = scratch("log")
            let progress = scratch("progress")
            let one = try await Replayer.start(
                LocalConnector(), options: options, log: log, progress: BuildProgress(newAt: progress)
            ) { _ in }
            try await first(one, scratch)
            try await one.finish(remove: false)
            let events = Events()
            let two = try await Replayer.start(
                LocalConnector(), options: options, log: log, progress: try BuildProgress(readingFrom: progress)
            ) { events.append($0) }
            do { try await second(two, scratch, events) } catch {
                try? await two.finish(remove: true)
                throw error
            }
            try await two.finish(remove: true)
        }
    }

    private func planned(_ actions: [(title: String, action: StepAction)], differentFrom step: Int = .max) -> Plan {
        var plan = plan(actions)
        for index in plan.steps.indices where index + 1 >= step { plan.steps[index].digest += "-edited" }
        return plan
    }

    @Test("A failed step runs again, edited, and nothing before it does")
    func editedStep() async throws {
        try await withTwoClients { replayer, scratch in
            let count = scratch("count").string
            let plan = planned([run("echo 1 >>\(count)"), run("echo 2 >>\(count); exit 5"), run("echo 3 >>\(count)")])
            let error = await #expect(throws: ReplayError.self) {
                try await replayer.run(plan, archives: PreparedArchives())
            }
            #expect(error?.end == .exited(5))
        } _: { replayer, scratch, events in
            let count = scratch("count").string
            let plan = planned(
                [run("echo 1 >>\(count)"), run("echo two >>\(count)"), run("echo 3 >>\(count)"), run("cat \(count)")],
                differentFrom: 2)
            let results = try await replayer.resume(plan, archives: PreparedArchives())
            #expect(results.map(\.id) == ["step-1", "step-2.2", "step-3.2", "step-4.2"])
            #expect(results.filter(\.succeeded).count == 4)
            #expect(events.output(of: .step(4)) == "1\n2\ntwo\n3\n")
            #expect(!events.all.contains(.taskStarted(.step(1), label: "[1/3] RUN echo 1 >>\(count)")))
        }
    }

    @Test("A step that failed runs again unchanged, as often as it takes")
    func failedStep() async throws {
        let actions = [run("true"), run("test -e /dev/shm/replay-resumption"), run("rm /dev/shm/replay-resumption")]
        try await withTwoClients { replayer, _ in
            await #expect(throws: ReplayError.self) {
                try await replayer.run(planned(actions), archives: PreparedArchives())
            }
        } _: { replayer, _, _ in
            await #expect(throws: ReplayError.self) {
                try await replayer.resume(planned(actions), archives: PreparedArchives())
            }
            try shell("touch /dev/shm/replay-resumption")
            let results = try await replayer.resume(planned(actions), archives: PreparedArchives())
            #expect(results.map(\.id) == ["step-1", "step-2.3", "step-3.3"])
        }
    }

    @Test("What runs while the Dockerfile is edited goes on to its end; what waits behind it does not start")
    func editedWhileRunning() async throws {
        try await withTwoClients { replayer, scratch in
            let place = scratch.path.string
            let plan = planned([
                run("touch \(place)/runs; while [ ! -e \(place)/go ]; do sleep 0.02; done; echo done"),
                run("touch \(place)/wrong"),
            ])
            let build = Task { try await replayer.run(plan, archives: PreparedArchives()) }
            while !scratch.holds("runs") { try await Task.sleep(for: .milliseconds(5)) }
            // As a client that dies: it asks for no end of the step.
            try await replayer.guest.finish(remove: false)
            _ = await build.result
        } _: { replayer, scratch, events in
            let place = scratch.path.string
            let plan = planned(
                [
                    run("touch \(place)/runs; while [ ! -e \(place)/go ]; do sleep 0.02; done; echo done"),
                    run("echo right"),
                ], differentFrom: 2)
            let opening = Task {
                while !scratch.holds("replay-state/held") { try await Task.sleep(for: .milliseconds(5)) }
                try scratch.write("", to: "go")
            }
            let results = try await replayer.resume(plan, archives: PreparedArchives())
            try await opening.value
            #expect(results.map(\.id) == ["step-1", "step-2.2"])
            #expect(events.output(of: .step(1)) == "done\n")
            #expect(events.output(of: .step(2)) == "right\n")
            #expect(!scratch.holds("wrong"))
        }
    }

    @Test("A client that dies when it has held the queue back leaves a build that goes on")
    func heldBack() async throws {
        let actions = [
            run("touch /dev/shm/replay-held; while [ ! -e /dev/shm/replay-go ]; do sleep 0.02; done"), run("echo on"),
        ]
        try shell("rm -f /dev/shm/replay-held /dev/shm/replay-go")
        try await withTwoClients { replayer, scratch in
            let build = Task { try await replayer.run(planned(actions), archives: PreparedArchives()) }
            while !FileManager.default.fileExists(atPath: "/dev/shm/replay-held") {
                try await Task.sleep(for: .milliseconds(5))
            }
            let holding = Task { try await replayer.guest.hold() }
            while !scratch.holds("replay-state/held") { try await Task.sleep(for: .milliseconds(5)) }
            try shell("touch /dev/shm/replay-go")
            try await holding.value
            try await replayer.guest.finish(remove: false)
            _ = await build.result
        } _: { replayer, _, events in
            let results = try await replayer.resume(planned(actions), archives: PreparedArchives())
            #expect(results.map(\.id) == ["step-1", "step-2.2"])
            #expect(events.output(of: .step(2)) == "on\n")
        }
        try shell("rm -f /dev/shm/replay-held /dev/shm/replay-go")
    }

    @Test("Steps that only go away at the end leave a build that is done, and a machine that takes further work")
    func shortened() async throws {
        try await withTwoClients { replayer, _ in
            let plan = planned([run("true"), run("false")])
            await #expect(throws: ReplayError.self) { try await replayer.run(plan, archives: PreparedArchives()) }
        } _: { replayer, _, _ in
            let results = try await replayer.resume(planned([run("true")]), archives: PreparedArchives())
            #expect(results.map(\.id) == ["step-1"])
            let answer = try await replayer.perform("echo further\n", id: "install", label: "install")
            #expect(answer == "further\n")
        }
    }

    @Test("An edit of what the machine has done is refused, and names the step")
    func changedPast() async throws {
        try await withTwoClients { replayer, _ in
            let plan = planned([run("true"), run("false")])
            await #expect(throws: ReplayError.self) { try await replayer.run(plan, archives: PreparedArchives()) }
        } _: { replayer, _, _ in
            let error = await #expect(throws: ReplayError.self) {
                let plan = planned([run("echo other"), run("false")], differentFrom: 1)
                _ = try await replayer.resume(plan, archives: PreparedArchives())
            }
            #expect(error?.code == .changedStep)
            #expect(error?.message.contains("[1/2] RUN true") == true, "\(error?.message ?? "")")
        }
    }

    @Test("A machine that has forgotten the build is told from one that has not begun")
    func forgotten() async throws {
        try await ScratchDirectory.with { scratch in
            var options = SupervisorOptions(stateDirectory: scratch("replay-state").string)
            options.asRoot = false
            let progress = scratch("progress")
            let one = try await Replayer.start(
                LocalConnector(), options: options, log: scratch("log"), progress: BuildProgress(newAt: progress)
            ) { _ in }
            try await one.run(planned([run("true")]), archives: PreparedArchives())
            try await one.finish(remove: false)
            let kept = try BuildProgress(readingFrom: progress)
            let again = try await Replayer.start(LocalConnector(), options: options, log: scratch("log")) { _ in }
            try await again.finish(remove: true)
            let error = await #expect(throws: ReplayError.self) {
                _ = try await Replayer.start(
                    LocalConnector(), options: options, log: scratch("log"), progress: kept
                ) { _ in }
            }
            #expect((error?.cause as? GuestSupervisorError)?.code == .stateLost)
            let last = try await Replayer.start(LocalConnector(), options: options, log: scratch("log")) { _ in }
            try await last.finish(remove: true)
        }
    }

    /// Runs a line of sh on this machine.
    private func shell(_ line: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", line]
        try process.run()
        process.waitUntilExit()
    }
}
