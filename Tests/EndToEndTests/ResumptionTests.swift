import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// Builds whose `replay` dies or fails, and that another one goes on with.
@Suite("Resumption on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct ResumptionTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try write(dockerfile, to: scratch)
        try scratch.write("data\n", to: "data")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path.string)
        return scratch
    }

    private func write(_ dockerfile: String, to scratch: ScratchDirectory) throws {
        try scratch.write(dockerfile, to: "Dockerfile")
    }

    /// Every point of a build's life after its machine is noted, in order: each process dies at the next one.
    private static let points = [
        "resumption-noted", "supervisor-started", "step-started:2", "steps-done", "service-installed", "seal-noted",
        "seal-started", "machine-sealed", "machine-captured", "disk-audited", "template-published",
    ]

    @Test("A replay that dies at every crash point, one after the other, still makes one template, and leaves nothing")
    func crashPoints() async throws {
        let home = try await World.shared.home(of: "resumption")
        let scratch = try context(
            """
            FROM debian:12
            RUN echo one >>/trace
            COPY data /copied
            RUN echo three >>/trace; cat /trace /copied
            CMD ["sleep", "1000"]

            """)
        for (index, point) in Self.points.enumerated() {
            let arguments = index == 0 ? [scratch.path.string, "-t", "crashed"] : ["resume"]
            let result = try await World.run(
                arguments + ["--progress", "plain"], home: home, environment: ["REPLAY_CRASH_AT": point])
            try #require(result.status == 128 + SIGKILL, "\(point): \(result.errors)")
            if point == "seal-started" { try await expectSealedBuildToKeepItsDockerfile(scratch, home: home) }
        }
        let last = try await World.run(["resume", "--progress", "plain"], home: home)
        #expect(last.status == 0, "\(last.errors)")
        #expect(try World.leftovers(home: home) == [])
        let list = try await World.run(["template", "list", "--json"], home: home)
        #expect(list.output.components(separatedBy: #""name" : "crashed""#).count == 2, "\(list.output)")
        let logs = try FileManager.default.contentsOfDirectory(atPath: home + "/builds").filter { $0.hasSuffix(".log") }
        #expect(logs.count == 1)
        let log = try String(contentsOfFile: "\(home)/builds/\(logs[0])", encoding: .utf8)
        for step in 1...3 { #expect(log.components(separatedBy: "=== [\(step)/3]").count == 2, "\(log)") }
        #expect(log.contains("\none\nthree\ndata\n"), "\(log)")
        // The captures that were not finished are what gc finds.
        let collected = try await World.run(["gc"], home: home)
        #expect(collected.status == 0, "\(collected.errors)")
        let templates = try FileManager.default.contentsOfDirectory(atPath: home + "/templates")
        #expect(templates.filter { $0.contains("partial") } == [])
        let again = try await World.run(["resume"], home: home)
        #expect(again.status == 2)
        #expect(again.errors.contains("no build to go on with"), "\(again.errors)")
    }

    /// What the machine has been sealed with is what the template's record must say.
    private func expectSealedBuildToKeepItsDockerfile(_ scratch: ScratchDirectory, home: String) async throws {
        let dockerfile = String(decoding: try scratch.read("Dockerfile"), as: UTF8.self)
        try write(dockerfile + "LABEL other=1\n", to: scratch)
        let refused = try await World.run(["resume", "--progress", "plain"], home: home)
        #expect(refused.status == 2, "\(refused.errors)")
        #expect(refused.errors.contains("undo the change"), "\(refused.errors)")
        try write(dockerfile, to: scratch)
    }

    @Test(
        "A replay that dies before its machine is noted leaves what gc removes",
        arguments: ["build-announced", "machine-launched"])
    func early(point: String) async throws {
        let home = try await World.shared.home(of: "resumption")
        let scratch = try context("FROM debian:12\nRUN true\n")
        let result = try await World.run(
            [scratch.path.string, "--progress", "plain"], home: home, environment: ["REPLAY_CRASH_AT": point])
        #expect(result.status == 128 + SIGKILL, "\(result.errors)")
        let again = try await World.run(["resume"], home: home)
        #expect(again.status == 2, "\(again.errors)")
        let collected = try await World.run(["gc"], home: home)
        #expect(collected.status == 0, "\(collected.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("A failed step runs again with an edited Dockerfile; an edit of the past is refused and loses nothing")
    func edited() async throws {
        let home = try await World.shared.home(of: "resumption")
        let broken = """
            FROM debian:12
            ARG WORD=none
            ENV WORD=$WORD
            RUN echo one >>/trace
            RUN echo two >>/trace; exit 3

            """
        let scratch = try context(broken)
        let failed = try await World.run(
            ["--on-error", "keep", "-t", "edited", "--progress", "plain", "--build-arg", "WORD", "."], home: home,
            environment: ["WORD": "word"], directory: scratch.path.string)
        #expect(failed.status == 1, "\(failed.errors)")
        let build = try #require(failed.errors.firstMatch(of: /replay resume ([0-9a-f]{12})/)?.output.1)

        try write(broken.replacing("echo one", with: "echo uno"), to: scratch)
        let refused = try await World.run(
            ["resume", String(build), "--on-error", "cleanup", "--progress", "plain"], home: home)
        #expect(refused.status == 2, "\(refused.errors)")
        #expect(refused.errors.contains("a machine cannot go back"), "\(refused.errors)")

        try write("FROM debian:12\nRUN\n", to: scratch)
        let wrong = try await World.run(["resume", String(build), "--progress", "plain"], home: home)
        #expect(wrong.status == 2, "\(wrong.errors)")

        try write(
            broken.replacing("; exit 3", with: "") + "RUN cat /trace; echo $WORD; exit 4\n", to: scratch)
        let result = try await World.run(
            ["resume", String(build), "--on-error", "cleanup", "--progress", "plain"], home: home)
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains("exit status 4"), "\(result.errors)")
        let lines = result.errors.split(separator: "\n").compactMap { $0.split(separator: " ").last }
        #expect(lines.suffix(from: 0).joined(separator: " ").contains("one two two word"), "\(result.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("on-error shell: a shell with the step's user, directory and environment, and the choice afterwards")
    func shell() async throws {
        let home = try await World.shared.home(of: "resumption")
        let scratch = try context(
            """
            FROM debian:12
            ENV GREETING="hello there"
            USER games
            WORKDIR /srv/place
            RUN exit 9

            """)
        let outside = try await World.run([scratch.path.string, "--on-error", "shell"], home: home)
        #expect(outside.status == 2, "a shell needs a terminal")
        // Types when the program asks, as a person would.
        let person = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0: os.execvp(sys.argv[1], sys.argv[1:])
            seen = b""
            def wait(text):
                global seen
                while text not in seen:
                    try: more = os.read(terminal, 4096)
                    except OSError: more = b""
                    if not more: sys.exit("ended before " + repr(text) + ": " + seen.decode(errors="replace"))
                    seen += more
                    sys.stdout.buffer.write(more)
                seen = seen[seen.index(text) + len(text):]
            wait(b"[step 2] ")
            os.write(terminal, b"echo $(id -un) $PWD $GREETING $((6 * 7)); tty\\r")
            wait(b"42")
            wait(b"/dev/pts/")
            wait(b"[step 2] ")
            os.write(terminal, b"exit\\r")
            wait(b"[y/N]")
            os.write(terminal, b"n\\r")
            while True:
                try: more = os.read(terminal, 4096)
                except OSError: break
                if not more: break
                sys.stdout.buffer.write(more)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let result = try await World.run(
            [scratch.path.string, "--on-error", "shell", "-t", "shell"], home: home,
            through: ["/usr/bin/python3", "-c", person])
        #expect(result.status == 1, "\(result.output)\n\(result.errors)")
        #expect(result.output.contains("games /srv/place hello there 42"), "\(result.output)")
        #expect(try World.leftovers(home: home) == [])
    }
}
