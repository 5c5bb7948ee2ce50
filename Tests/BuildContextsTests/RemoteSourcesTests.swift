import Archives
import Basemaps
import BuildContexts
import DockerfileLanguage
import Foundation
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

/// ADD from the network, from the Dockerfile to the archive for the machine: real servers, real programs.
@Suite(.timeLimit(.minutes(2))) struct RemoteSourcesTests {
    private typealias Member = (entry: TarEntry, content: [UInt8])

    /// Plans a Dockerfile and reads the archive of its last step.
    private func members(_ lines: String, in scratch: ScratchDirectory) async throws -> [String: Member] {
        try scratch.write("kept out", to: "context/other")
        let context = try DirectoryContext(root: scratch("context"), dockerfile: nil)
        let planner = try Planner(
            try DockerfileParser.parse("FROM debian\n\(lines)\n"),
            options: PlanOptions(platform: Platform(architecture: "amd64")))
        let base = ResolvedBase(
            reference: "debian", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
            environment: [], sources: [])
        var manifest = try context.scan()
        manifest = try await context.complete(manifest, for: planner.contextNeeds(base: base, manifest: manifest))
        let plan = try planner.plan(base: base, manifest: manifest)
        guard case .copy(let action)? = plan.steps.last?.action else { return [:] }
        let archive = try context.archive(of: action, manifest: manifest)
        var bytes: [UInt8] = []
        while case let piece = try archive.read(upTo: 1 << 16), !piece.isEmpty { bytes += piece }
        let reader = try TarReader(file: try scratch.write(bytes, to: "copy.tar"))
        var members: [String: Member] = [:]
        while let entry = try reader.next() {
            var content: [UInt8] = []
            while case let piece = try reader.read(upTo: 1 << 16), !piece.isEmpty { content += piece }
            members[entry.path] = (entry, content)
        }
        return members
    }

    private static let text = Array("downloaded\n".utf8)
    /// sha256sum of the text.
    private static let digest = "sha256:5ab06bad7a98d6e18ec1ba92d5d4a8e0ef7b5c3e2a5bfe2ad5d4cd9b2ce4aa6d"

    private func withServer(_ body: (StubHTTPServer) async throws -> Void) async throws {
        try await StubHTTPServer.with { request in
            switch request.path.prefix(while: { $0 != "?" }) {
            case "/d/a%20b.txt", "/":
                StubHTTPServer.Reply(
                    headers: ["Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"], body: Self.text)
            default: StubHTTPServer.Reply(404, text: "no such thing")
            }
        } body: {
            try await body($0)
        }
    }

    @Test func aDownloadIsPrivateAndHasTheServersTime() async throws {
        try await withServer { server in
            let scratch = try ScratchDirectory()
            let members = try await members("ADD \(server.url)/d/a%20b.txt?x=1 /x/", in: scratch)
            #expect(Array(members.keys) == ["0/a b.txt"])
            let member = try #require(members["0/a b.txt"])
            #expect(member.content == Self.text)
            #expect(member.entry.mode == 0o600)
            #expect(member.entry.modified == 784_111_777_000_000_000)
            let unnamed = try await self.members("ADD \(server.url)/ /x/", in: scratch)
            #expect(unnamed["0/__unnamed__"] != nil)
        }
    }

    @Test func aChecksumIsVerifiedBeforeThereIsAMachine() async throws {
        try await withServer { server in
            let scratch = try ScratchDirectory()
            try scratch.write(Self.text, to: "text")
            let sum = try await CommandRun.run(["sha256sum", scratch("text").string]).output.prefix { $0 != " " }
            let good = "ADD --checksum=sha256:\(sum) \(server.url)/d/a%20b.txt /x"
            let found = try await members(good, in: scratch)
            #expect(found.count == 1)
            let error = await #expect(throws: PlanError.self) {
                try await members("ADD --checksum=\(Self.digest) \(server.url)/d/a%20b.txt /x", in: scratch)
            }
            #expect(error?.code == .download)
            #expect(error?.lines == [LineRange(first: 2, last: 2)])
            #expect(error?.message.contains("sha256:\(sum)") == true)
        }
    }

    @Test func whatIsNotThereIsAnErrorWithItsLine() async throws {
        try await withServer { server in
            let scratch = try ScratchDirectory()
            let url = server.url.replacing("http://", with: "http://user:secret@")
            let error = await #expect(throws: PlanError.self) {
                try await members("RUN true\nADD \(url)/none /x", in: scratch)
            }
            #expect(error?.lines == [LineRange(first: 3, last: 3)])
            #expect(error?.message.contains("404") == true)
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test func unpackIsForcedAndForbidden() async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("x", to: "tree/inner")
        _ = try await CommandRun.run(["tar", "-C", scratch("tree").string, "-czf", scratch("t.tgz").string, "inner"])
        let archive = [UInt8](try Data(contentsOf: URL(filePath: scratch("t.tgz").string)))
        try await StubHTTPServer.with { _ in
            StubHTTPServer.Reply(body: archive)
        } body: { server in
            let unpacked = try await members("ADD --unpack=true \(server.url)/t.tgz /x", in: scratch)
            #expect(unpacked["0/inner"] != nil)
            let whole = try await members("ADD \(server.url)/t.tgz /x", in: scratch)
            #expect(whole["0/t.tgz"]?.content == archive)
        }
    }
}

/// ADD of git repositories, which a real git daemon serves.
@Suite(.timeLimit(.minutes(2))) struct GitSourcesTests {
    private static let setUp = """
        set -e; cd "$1"; export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z'
        git() { command git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main -c protocol.file.allow=always "$@"; }
        git init -q part; (cd part; echo p >part.txt; git add .; git commit -qm part)
        git init -q repo; cd repo; echo one >file; mkdir -p sub/deep; echo deep >sub/deep/f; printf '#!/bin/sh\\n' >tool
        chmod 755 tool; ln -s file link; umask 077; git add .; git commit -qm one; git tag v1
        echo two >file; git submodule --quiet add "git://127.0.0.1:$2/part" part; git add .; git commit -qm two
        git rev-parse v1 HEAD
        """

    private func withRepository(_ body: (_ url: String, _ commits: [String], ScratchDirectory) async throws -> Void)
        async throws
    {
        let scratch = try ScratchDirectory()
        let port = try FreePort.find()
        let path = try await CommandRun.run(["git", "--exec-path"]).output.split(separator: "\n")[0]
        let daemon = try CommandRun([
            "\(path)/git-daemon", "--listen=127.0.0.1", "--port=\(port)", "--export-all", "--reuseaddr", "--verbose",
            "--base-path=\(scratch.path)", scratch.path.string,
        ])
        defer { daemon.send(SIGTERM) }
        let isReady = await daemon.waits(for: "Ready to rumble")
        try #require(isReady)
        let made = try await CommandRun.run(["sh", "-c", Self.setUp, "sh", scratch.path.string, "\(port)"])
        try #require(made.status == 0, "\(made.errors)")
        let commits = made.output.split(separator: "\n").map(String.init)
        try #require(commits.count == 2)
        try await body("git://127.0.0.1:\(port)/repo", commits, scratch)
    }

    /// What an ADD puts on a machine: path below the destination, mode, content.
    private func tree(_ line: String) async throws -> [String: String] {
        let scratch = try ScratchDirectory()
        try scratch.write("", to: "context/x")
        let context = try DirectoryContext(root: scratch("context"), dockerfile: nil)
        let planner = try Planner(
            try DockerfileParser.parse("FROM debian\n\(line)\n"),
            options: PlanOptions(platform: Platform(architecture: "amd64")))
        let base = ResolvedBase(
            reference: "debian", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
            environment: [], sources: [])
        let needs = try planner.contextNeeds(base: base, manifest: ContextManifest())
        let manifest = try await context.complete(ContextManifest(), for: needs)
        guard case .copy(let action)? = try planner.plan(base: base, manifest: manifest).steps.last?.action else {
            return [:]
        }
        let archive = try context.archive(of: action, manifest: manifest)
        var bytes: [UInt8] = []
        while case let piece = try archive.read(upTo: 1 << 16), !piece.isEmpty { bytes += piece }
        let reader = try TarReader(file: try scratch.write(bytes, to: "copy.tar"))
        var tree: [String: String] = [:]
        while let entry = try reader.next() {
            var content: [UInt8] = []
            while case let piece = try reader.read(upTo: 1 << 16), !piece.isEmpty { content += piece }
            guard case .file = entry.kind else { continue }
            let path = entry.path.split(separator: "/").dropFirst().joined(separator: "/")
            tree[path] = "\(String(entry.mode, radix: 8)) \(String(decoding: content, as: UTF8.self))"
        }
        return tree
    }

    @Test func branchesTagsCommitsAndDirectories() async throws {
        try await withRepository { url, commits, _ in
            let newest = try await tree("ADD \(url) /x")
            #expect(newest["file"] == "644 two\n")
            #expect(newest["tool"] == "755 #!/bin/sh\n")
            #expect(newest["part/part.txt"] == "644 p\n", "a submodule")
            #expect(!newest.keys.contains { $0.hasPrefix(".git/") || $0.hasSuffix("/.git") })
            for reference in ["v1", commits[0], "refs/tags/v1"] {
                let first = try await tree("ADD \(url)#\(reference) /x")
                #expect(first["file"] == "644 one\n", "\(reference)")
            }
            let below = try await tree("ADD \(url)#main:sub /x")
            #expect(below == ["deep/f": "644 deep\n"])
            let filtered = try await tree("ADD --exclude=sub \(url)?tag=v1 /x")
            #expect(filtered.keys.sorted() == ["file", "tool"])
            let bare = try await tree("ADD \(url)?submodules=0 /x")
            #expect(bare["part/part.txt"] == nil)
            let kept = try await tree("ADD --keep-git-dir=true \(url) /x")
            #expect(kept[".git/HEAD"] != nil)
        }
    }

    @Test func whatIsNotThereOrNotTheOneIsAnError() async throws {
        try await withRepository { url, commits, _ in
            let checked = try await tree("ADD --checksum=\(commits[0]) \(url)#v1 /x")
            #expect(checked["file"] == "644 one\n")
            for line in [
                "ADD --checksum=\(commits[1]) \(url)#v1 /x", "ADD \(url)#nobranch /x", "ADD \(url)#main:none /x",
                "ADD \(url)#main:../repo /x", "ADD \(url)/none /x", "ADD \(url)#main:link /x",
            ] {
                let error = await #expect(throws: PlanError.self, "\(line)") { try await tree(line) }
                #expect(error?.code == .download)
                #expect(error?.lines == [LineRange(first: 2, last: 2)])
            }
        }
    }
}
