import BuildContexts
import Foundation
import ReplayPlan
import ReplayTestSupport
import SystemPackage
import Testing

/// Contexts from elsewhere: archives over HTTP, standard input, and what must not happen when they are unpacked.
@Suite(.timeLimit(.minutes(2))) struct FetchedContextTests {
    /// An archive made by tar(1) of what a script leaves in its directory.
    private func archive(_ script: String, options: String = "-cz") async throws -> [UInt8] {
        let scratch = try ScratchDirectory()
        let made = try await CommandRun.run(
            [
                "sh", "-c", "set -e; mkdir tree; cd tree; \(script)\n cd ..; tar -C tree \(options)f archive .",
            ], directory: scratch.path.string)
        try #require(made.status == 0, "\(made.errors)")
        return try scratch.read("archive")
    }

    private func paths(_ context: DirectoryContext) throws -> [String] { try context.scan().items.map(\.path) }

    @Test(arguments: ["-c", "-cz", "-cj", "-cJ"]) func anArchiveBehindAnAddressIsAContext(_ options: String)
        async throws
    {
        let bytes = try await archive(
            """
            printf 'FROM debian:12\\n' >Dockerfile; mkdir -p sub/deep; echo 1 >sub/deep/f; ln -s deep/f sub/link
            ln sub/deep/f hard; echo x >ignored; echo ignored >.dockerignore; chmod 700 sub; chmod 755 sub/deep/f
            touch -d @1000000000 sub/deep/f
            """, options: options)
        try await StubHTTPServer.with { _ in
            StubHTTPServer.Reply(body: bytes)
        } body: { server in
            let fetched = try #require(try await FetchedContext("\(server.url)/team/web.tar.gz?x=1"))
            let dockerfile = try fetched.dockerfile(named: nil)
            let context = try fetched.context(dockerfile: dockerfile)
            #expect(
                try paths(context) == [
                    ".dockerignore", "Dockerfile", "hard", "sub", "sub/deep", "sub/deep/f", "sub/link",
                ])
            let file = try #require(try context.scan()["sub/deep/f"])
            #expect(file.mode == 0o755)
            #expect(file.modified == 1_000_000_000_000_000_000)
            #expect(try context.scan()["sub"]?.mode == 0o700)
            #expect(try context.scan()["hard"]?.linkGroup == file.linkGroup)
        }
    }

    @Test func aSingleDockerfileHasAContextWithoutFiles() async throws {
        let text = Array("FROM debian:12\n".utf8)
        try await StubHTTPServer.with { _ in
            StubHTTPServer.Reply(body: text)
        } body: { server in
            let fetched = try #require(try await FetchedContext("\(server.url)/Dockerfile"))
            let dockerfile = try fetched.dockerfile(named: nil)
            #expect(try Array(Data(contentsOf: URL(filePath: dockerfile.string))) == text)
            #expect(try paths(fetched.context(dockerfile: dockerfile)).isEmpty)
        }
        let given = try FetchedContext(standardInput: text)
        #expect(try paths(given.context(dockerfile: given.dockerfile(named: nil))).isEmpty)
    }

    @Test func whatIsFetchedGoesWithItsLastHolder() async throws {
        var root: FilePath?
        do {
            let fetched = try FetchedContext(standardInput: try await archive("echo FROM debian:12 >Dockerfile"))
            let context = try fetched.context(dockerfile: fetched.dockerfile(named: nil))
            root = context.root
            #expect(FileManager.default.fileExists(atPath: context.root.appending("Dockerfile").string))
        }
        #expect(!FileManager.default.fileExists(atPath: try #require(root).string))
    }

    /// Archives that want out of their directory: each is refused, or harmless.
    @Test func nothingIsWrittenOutsideOfTheContext() async throws {
        let outside = try ScratchDirectory()
        // A link to a directory outside, and then a file through it.
        let through = try await CommandRun.run(
            [
                "python3", "-c", Self.evil, outside.path.string, outside("through.tar").string,
                outside("parent.tar").string,
            ])
        try #require(through.status == 0, "\(through.errors)")
        let context = try FetchedContext(standardInput: try outside.read("through.tar"))
        let opened = try context.context(dockerfile: try context.dockerfile(named: nil))
        #expect(!outside.holds("written"))
        #expect(try opened.scan()["door"] != nil)
        let error = #expect(throws: ContextError.self) {
            try FetchedContext(standardInput: try outside.read("parent.tar"))
        }
        #expect(error?.message.contains("outside of itself") == true)
    }

    private static let evil = """
        import io, sys, tarfile
        outside, through, parent = sys.argv[1:]
        def add(tar, name, data=None, link=None):
            info = tarfile.TarInfo(name)
            if link: info.type, info.linkname = tarfile.SYMTYPE, link
            else: info.size = len(data)
            tar.addfile(info, io.BytesIO(data or b""))
        with tarfile.open(through, "w") as tar:
            add(tar, "Dockerfile", b"FROM debian:12\\n")
            add(tar, "door", link=outside)
            add(tar, "door/written", b"x")
        with tarfile.open(parent, "w") as tar:
            add(tar, "Dockerfile", b"FROM debian:12\\n")
            add(tar, "a/../../b", b"x")
        """

    @Test func theDockerfileMustBeInside() async throws {
        let bytes = try await archive("ln -s /etc/hostname Dockerfile; mkdir sub; echo FROM debian:12 >sub/other")
        let fetched = try FetchedContext(standardInput: bytes)
        for name in [nil, "../x", "none"] { #expect(throws: ContextError.self) { try fetched.dockerfile(named: name) } }
        #expect(try fetched.dockerfile(named: "sub/other").lastComponent == "other")
    }

    @Test func whatCannotBeHadIsSaid() async throws {
        try await StubHTTPServer.with { _ in
            StubHTTPServer.Reply(404, text: "no")
        } body: { server in
            let url = server.url.replacing("http://", with: "http://me:secret@")
            let error = await #expect(throws: PlanError.self) { try await FetchedContext("\(url)/x.tar") }
            #expect(error?.message.contains("404") == true)
            #expect(error?.message.hasPrefix("The context http://127.0.0.1") == true)
            #expect(error?.message.contains("secret") == false)
        }
        #expect(try await FetchedContext("some/directory") == nil)
        #expect(try await FetchedContext("./http://x") == nil)
    }

    @Test(arguments: [
        ("https://host/team/web.git#main:docker", "web"), ("git@host:team/app.git", "app"),
        ("https://host/x/ctx.tar.gz?sig=1", "ctx"), ("github.com/team/tool#v1", "tool"), ("https://host/", "host"),
    ]) func aContextNamesItsTemplate(_ text: String, _ name: String) {
        #expect(ContextReference.name(text) == name)
    }
}
