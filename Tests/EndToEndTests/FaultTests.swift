import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// Failures on a real guest: the error says what happened, and nothing is left behind.
@Suite("Faults on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct FaultTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try dockerfile.write(toFile: scratch.path.string + "/Dockerfile", atomically: true, encoding: .utf8)
        chmod(scratch.path.string, 0o755)
        return scratch
    }

    @Test("a failing step: status 1, the line, the command's status, the last lines, the log's path")
    func failingStep() async throws {
        let home = try await World.shared.home()
        let scratch = try context(
            "FROM debian:12\nRUN echo fine\n\nRUN echo before; echo last words >&2; exit 42\nRUN echo never\n")
        let result = try await World.run([scratch.path.string, "--progress", "plain", "-t", "broken"], home: home)
        #expect(result.status == 1)
        #expect(result.errors.contains("line 4"), "\(result.errors)")
        #expect(result.errors.contains("exit status 42"))
        #expect(result.errors.contains("last words"))
        #expect(result.errors.contains(".log"))
        #expect(!result.errors.contains("never\n"), "later steps do not run")
        #expect(try World.leftovers(home: home) == [])
        let list = try await World.run(["template", "list"], home: home)
        #expect(!list.output.contains("broken"))
    }

    @Test("on-error keep: the machine stays, gc spares it, gc --kept ends it")
    func keep() async throws {
        let home = try await World.shared.home()
        let scratch = try context("FROM debian:12\nRUN exit 3\n")
        let result = try await World.run(
            [scratch.path.string, "--on-error", "keep", "--progress", "plain", "-t", "kept"], home: home)
        #expect(result.status == 1)
        let command = try #require(
            result.errors.split(separator: "\n").first { $0.contains("ssh -i") }, "\(result.errors)")
        let login = try await CommandRun.run(
            ["sh", "-c", command.trimmingCharacters(in: .whitespaces) + " sudo -n id -u"], environment: ["HOME": home],
            uid: World.uid)
        #expect(login.output == "0\n", "\(login.errors)")
        let spared = try await World.run(["gc"], home: home)
        #expect(spared.status == 0)
        #expect(try World.leftovers(home: home) != [], "gc spares what was kept")
        let ended = try await World.run(["gc", "--kept"], home: home)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    /// Moments at which a user may press Ctrl-C, as the text on the screen that announces them.
    @Test(
        "Ctrl-C and SIGTERM end the build with status 130 and leave nothing",
        arguments: [("boot debian 12", SIGINT), ("sleeping", SIGTERM), ("seal the machine", SIGINT)])
    func interrupted(moment: String, signal: Int32) async throws {
        let home = try await World.shared.home()
        let nap = moment == "sleeping" ? "RUN echo sleep''ing; sleep 1000\n" : "RUN true\n"
        let scratch = try context("FROM debian:12\n" + nap)
        let build = try World.start([scratch.path.string, "--progress", "plain", "-t", "interrupted"], home: home)
        let reached = await build.waits(for: moment)
        try #require(reached)
        let began = ContinuousClock.now
        build.send(signal)
        build.send(signal)
        let result = await build.result()
        #expect(result.status == 130, "\(result.errors)")
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("kill -9 of replay: gc ends and removes everything; a running build is not touched")
    func killed() async throws {
        let home = try await World.shared.home()
        let scratch = try context("FROM debian:12\nRUN echo sleep''ing; sleep 1000\n")
        let build = try World.start([scratch.path.string, "--progress", "plain", "-t", "killed"], home: home)
        let reached = await build.waits(for: "[1/1]")
        try #require(reached)
        let spared = try await World.run(["gc"], home: home)
        #expect(spared.output.contains("nothing to remove"), "\(spared.output)")
        build.send(SIGKILL)
        _ = await build.result()
        #expect(try World.leftovers(home: home) != [], "the machine outlives its replay")
        let collected = try await World.run(["gc"], home: home)
        #expect(collected.status == 0, "\(collected.errors)")
        #expect(try World.leftovers(home: home) == [])
    }
}
