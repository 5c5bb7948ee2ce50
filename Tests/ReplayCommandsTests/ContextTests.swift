import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// Contexts from elsewhere on the command line: plans are made of them, without a machine.
@Suite("contexts from elsewhere")
struct ContextTests {
    private static let environment = ["REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps"]

    /// `replay plan` with a file on standard input.
    private func plan(
        _ arguments: String..., input: String = "/dev/null", in scratch: ScratchDirectory
    ) async throws -> CommandRun.Result {
        try await CommandRun.run(
            ["sh", "-c", #"input=$1; shift; exec "$@" <"$input""#, "sh", input, PackagePlaces.replay, "plan"]
                + arguments,
            environment: Self.environment, directory: scratch.path.string)
    }

    @Test("a Dockerfile, or an archive, on standard input")
    func standardInput() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nRUN echo from stdin\n", to: "alone")
            let alone = try await plan("-", input: "alone", in: scratch)
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(alone.output.contains("RUN echo from stdin"))

            try scratch.write("FROM debian:12\nCOPY page /srv/\n", to: "tree/Dockerfile")
            try scratch.write("FROM debian:12\nRUN other\n", to: "tree/docker/other")
            try scratch.write("hello", to: "tree/page")
            _ = try await CommandRun.run(["tar", "-C", scratch("tree").string, "-czf", scratch("t.tgz").string, "."])
            let archive = try await plan("-", input: "t.tgz", in: scratch)
            #expect(archive.output.contains("COPY page /srv/"), "\(archive.errors)")
            let same = try await plan("tree", in: scratch)
            #expect(same.output == archive.output)

            let beside = try await plan("tree", "-f", "-", input: "alone", in: scratch)
            #expect(beside.output.contains("RUN echo from stdin"), "\(beside.errors)")
            let missing = try await plan("-", input: "alone", in: scratch)
            #expect(missing.status == 0)
            try scratch.write("FROM debian:12\nCOPY page /srv/\n", to: "needs")
            let empty = try await plan("-", input: "needs", in: scratch)
            #expect(empty.status == 2)
            #expect(empty.errors.contains("there is no page in the build context"), "\(empty.errors)")
            #expect(try await plan("-", in: scratch).status == 2)
        }
    }

    @Test("an archive behind an address, with a Dockerfile of another name")
    func address() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nCOPY page /srv/\n", to: "tree/docker/web")
            try scratch.write("hello", to: "tree/page")
            _ = try await CommandRun.run(["tar", "-C", scratch("tree").string, "-cf", scratch("t.tar").string, "."])
            let bytes = try scratch.read("t.tar")
            try await StubHTTPServer.with { _ in
                StubHTTPServer.Reply(body: bytes)
            } body: { server in
                let planned = try await plan("\(server.url)/t.tar", "-f", "docker/web", in: scratch)
                #expect(planned.status == 0, "\(planned.errors)")
                #expect(planned.output.contains("COPY page /srv/"))
                let wrong = try await plan("\(server.url)/t.tar", in: scratch)
                #expect(wrong.status == 2)
                #expect(wrong.errors.contains("There is no Dockerfile in the context"), "\(wrong.errors)")
            }
        }
    }

    @Test("a git repository, with reference and directory in both forms")
    func repository() async throws {
        try await ScratchDirectory.with { scratch in
            let script = """
                set -e; cd "$1"; export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
                git() { command git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main "$@"; }
                git init -q web; cd web; mkdir docker; printf 'FROM debian:12\\nCOPY f /one\\n' >docker/Dockerfile; echo 1 >docker/f
                git add .; git commit -qm one; git tag v1
                printf 'FROM debian:12\\nCOPY f /two\\n' >docker/Dockerfile; git commit -qam two
                """
            let made = try await CommandRun.run(["sh", "-c", script, "sh", scratch.path.string])
            try #require(made.status == 0, "\(made.errors)")
            let port = try FreePort.find()
            let path = try await CommandRun.run(["git", "--exec-path"]).output.split(separator: "\n")[0]
            let daemon = try CommandRun([
                "\(path)/git-daemon", "--listen=127.0.0.1", "--port=\(port)", "--export-all", "--reuseaddr",
                "--verbose",
                "--base-path=\(scratch.path)", scratch.path.string,
            ])
            defer { daemon.send(SIGKILL) }
            try #require(await daemon.waits(for: "Ready to rumble"))
            let url = "git://127.0.0.1:\(port)/web"
            for (suffix, place) in [("#v1:docker", "/one"), ("#:docker", "/two"), ("?ref=v1&subdir=docker", "/one")] {
                let planned = try await plan(url + suffix, in: scratch)
                #expect(planned.output.contains("COPY f \(place)"), "\(suffix): \(planned.errors)")
            }
            let named = try await plan(
                "-", "--build-context", "web=\(url)#v1:docker", input: "web/docker/Dockerfile", in: scratch)
            #expect(named.status == 2)
            try scratch.write("FROM debian:12\nCOPY --from=web f /x\n", to: "from")
            let used = try await plan("-", "--build-context", "web=\(url)#v1:docker", input: "from", in: scratch)
            #expect(used.output.contains("COPY --from=web f /x"), "\(used.errors)")
            let none = try await plan(url + "#nothing", in: scratch)
            #expect(none.status == 2)
        }
    }

    @Test("COPY --from takes from a directory that --build-context names")
    func named() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write(
                "FROM debian:12\nCOPY --from=Assets img/*.png --chmod=0600 /srv/\n", to: "wrong/Dockerfile")
            try scratch.write("FROM debian:12\nCOPY --from=Assets img/*.png own /srv/\n", to: "mixed/Dockerfile")
            try scratch.write("FROM debian:12\nCOPY --from=Assets --chmod=0600 img/*.png /srv/\n", to: "d/Dockerfile")
            try scratch.write("1", to: "files/img/a.png")
            try scratch.write("2", to: "files/img/b.txt")
            let planned = try await plan("d", "--json", "--build-context", "assets=files", in: scratch)
            #expect(planned.status == 0, "\(planned.errors)")
            for text in ["build context assets", "img/a.png"] {
                #expect(planned.output.contains(text), "\(planned.output)")
            }
            #expect(!planned.output.contains("b.txt"))
            let missing = try await plan("mixed", "--build-context", "assets=files", in: scratch)
            #expect(missing.status == 2)
            #expect(missing.errors.contains("there is no own in the build context assets"), "\(missing.errors)")
            let unnamed = try await plan("d", in: scratch)
            #expect(unnamed.status == 2)

            let refused: [([String], String)] = [
                (["--build-context", "assets=docker-image://debian"], "images cannot be contexts yet"),
                (["--build-context", "assets=oci-layout://x"], "images cannot be contexts yet"),
                (["--build-context", "assets"], "NAME=DIRECTORY"),
                (["--build-context", "debian:12=files"], "no machine can boot them"),
                (["--build-context", "assets=nowhere"], "nowhere"),
            ]
            for (arguments, sentence) in refused {
                let result = try await CommandRun.run(
                    [PackagePlaces.replay, "plan", scratch("d").string] + arguments, environment: Self.environment,
                    directory: scratch.path.string)
                #expect(result.status == 2, "\(arguments)")
                #expect(result.errors.contains(sentence), "\(arguments): \(result.errors)")
            }
        }
    }
}
