import BuildContexts
import Foundation
import ReplayPlan
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

/// The resident size of this process in bytes.
private func residentMemory() throws -> Int64 {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(Int64(line.split(separator: " ")[1])) << 10
}

@Suite struct DirectoryContextTests {
    @Test func everyKindOfThingIsNotedWithItsMetadata() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("hello", to: "ctx/dir/file")
            try scratch.write("#!/bin/sh\n", to: "ctx/run.sh")
            try await run("chmod", ["4755", scratch("ctx/run.sh").string])
            try await run("chmod", ["0700", scratch("ctx/dir").string])
            try await run("ln", ["-s", "dir/file", scratch("ctx/link").string])
            try await run("ln", [scratch("ctx/run.sh").string, scratch("ctx/same").string])
            try await run("mkfifo", [scratch("ctx/pipe").string])
            try FileStatus.setModified(1_500_000_000_123_456_789, of: scratch("ctx/run.sh"))

            let manifest = try DirectoryContext(root: scratch("ctx"), dockerfile: nil).scan()

            #expect(manifest.items.map(\.path) == ["dir", "dir/file", "link", "pipe", "run.sh", "same"])
            #expect(manifest["dir"]?.kind == .directory)
            #expect(manifest["dir"]?.mode == 0o700)
            #expect(manifest["dir/file"]?.kind == .file(size: 5))
            #expect(manifest["link"]?.kind == .symbolicLink(target: "dir/file"))
            #expect(manifest["pipe"]?.kind == .special)
            #expect(manifest["run.sh"]?.mode == 0o4755)
            #expect(manifest["run.sh"]?.modified == 1_500_000_000_123_456_789)
            #expect(manifest["run.sh"]?.linkGroup != nil)
            #expect(manifest["run.sh"]?.linkGroup == manifest["same"]?.linkGroup)
            #expect(manifest["dir/file"]?.linkGroup == nil)
            #expect(manifest["missing"] == nil)
        }
    }

    @Test func oddNamesAreKeptByteForByte() async throws {
        try await ScratchDirectory.with { scratch in
            // The two ways to write é are two files, though Unicode holds them for the same text.
            let names = ["a\nb", " lead", "-dash", "q\"'\\", "caf\u{E9}", "cafe\u{301}", "ta\tb", "日本", "*", "{x}"]
            for name in names { try scratch.write(name, to: "ctx/\(name)") }
            try await run("sh", ["-c", "printf x > \"$1/$(printf 'bad\\377name')\"", "sh", scratch("ctx").string])

            let manifest = try DirectoryContext(root: scratch("ctx"), dockerfile: nil).scan()

            for name in names {
                #expect(manifest[name]?.kind == .file(size: Int64(name.utf8.count)), "\(name)")
            }
            #expect(manifest.items.count == names.count + 1)
            #expect(manifest["bad\\xffname"]?.kind == .unnameable)
        }
    }

    @Test func aDirectoryIsFollowedByItsContentInTheOrderOfTheBytes() async throws {
        try await ScratchDirectory.with { scratch in
            for name in ["a/z", "a.b", "a-c", "a/b/c", "a b", "B", "é"] { try scratch.write("", to: "ctx/\(name)") }
            let manifest = try DirectoryContext(root: scratch("ctx"), dockerfile: nil).scan()
            #expect(manifest.items.map(\.path) == ["B", "a", "a/b", "a/b/c", "a/z", "a b", "a-c", "a.b", "é"])
            #expect(manifest.items(below: "a").map(\.path) == ["a/b", "a/b/c", "a/z"])
            #expect(ContextManifest(items: manifest.items.reversed()) == manifest)
        }
    }

    struct IgnoreCase: Sendable, CustomTestStringConvertible {
        var rules: String
        var left: [String]
        var testDescription: String { rules.debugDescription }
    }

    static let files = ["d/s/e", "d/s/f.md", "d/x", "e/keep", "e/drop", "top.txt", ".dockerignore"]

    @Test(arguments: [
        IgnoreCase(
            rules: "",
            left: [".dockerignore", "d", "d/s", "d/s/e", "d/s/f.md", "d/x", "e", "e/drop", "e/keep", "top.txt"]),
        IgnoreCase(rules: "d\n", left: [".dockerignore", "e", "e/drop", "e/keep", "top.txt"]),
        IgnoreCase(
            rules: "d\n!d/s/f.md\n",
            left: [".dockerignore", "d", "d/s", "d/s/f.md", "e", "e/drop", "e/keep", "top.txt"]),
        IgnoreCase(rules: "*\n!d\nd/s\n", left: ["d", "d/x"]),
        IgnoreCase(rules: "**\n!**/keep\n", left: ["e", "e/keep"]),
        IgnoreCase(
            rules: "# comment\n\n  *.txt  \n/e\n.dockerignore\n", left: ["d", "d/s", "d/s/e", "d/s/f.md", "d/x"]),
        IgnoreCase(rules: "**\n", left: []),
    ]) func whatIsIgnoredIsNotThere(_ sample: IgnoreCase) async throws {
        try await ScratchDirectory.with { scratch in
            for name in Self.files { try scratch.write("x", to: "ctx/\(name)") }
            try scratch.write(sample.rules, to: "ctx/.dockerignore")
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: scratch("ctx/Dockerfile"))
            #expect(context.ignoreFile == scratch("ctx/.dockerignore"))
            #expect(try context.scan().items.map(\.path) == sample.left)
        }
    }

    @Test func theDockerfilesOwnIgnoreFileWins() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("x", to: "ctx/a")
            try scratch.write("x", to: "ctx/b")
            try scratch.write("a\n", to: "ctx/.dockerignore")
            try scratch.write("b\n", to: "elsewhere/prod.Dockerfile.dockerignore")
            let context = try DirectoryContext(
                root: scratch("ctx"), dockerfile: scratch("elsewhere/prod.Dockerfile"))
            #expect(try context.scan().items.map(\.path) == [".dockerignore", "a"])
        }
    }

    @Test func badContextsAreNamed() async throws {
        try await ScratchDirectory.with { scratch in
            let missing = #expect(throws: ContextError.self) {
                try DirectoryContext(root: scratch("nowhere"), dockerfile: nil)
            }
            #expect(missing?.code == .notFound)
            #expect(missing?.message.contains("nowhere") == true)
            try scratch.write("x", to: "file")
            #expect(throws: ContextError.self) { try DirectoryContext(root: scratch("file"), dockerfile: nil) }
            try scratch.write("!\n", to: "ctx/.dockerignore")
            let pattern = #expect(throws: ContextError.self) {
                try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            }
            #expect(pattern?.code == .ignoreFile)
        }
    }

    @Test func digestsAndArchivesAreFoundOnDemand() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("hello", to: "ctx/a")
            try scratch.write("", to: "ctx/empty.tar.gz")
            try scratch.write("not a tar", to: "ctx/fake.tar")
            try await run("tar", ["-czf", scratch("ctx/noext").string, "-C", scratch("ctx").string, "a"])
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let manifest = try await context.complete(
                try context.scan(),
                for: ContextNeeds(archiveCandidates: ["empty.tar.gz", "fake.tar", "noext"], digests: ["a"]))
            #expect(
                manifest["a"]?.digest == "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
            #expect(manifest["noext"]?.isArchive == true)
            #expect(manifest["fake.tar"]?.isArchive == false)
            #expect(manifest["empty.tar.gz"]?.isArchive == false)
            #expect(manifest["noext"]?.digest == nil)
        }
    }

    @Test func aFileThatChangedSinceTheScanIsAnError() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("hello", to: "ctx/a")
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let manifest = try context.scan()
            try scratch.write("longer than before", to: "ctx/a")
            let error = await #expect(throws: ContextError.self) {
                try await context.complete(manifest, for: ContextNeeds(digests: ["a"]))
            }
            #expect(error?.code == .changed)
            #expect(error?.message.contains("a in the build context changed") == true)
        }
    }

    @Test func aHundredThousandFilesAreScanned() async throws {
        try await ScratchDirectory.with { scratch in
            try await run(
                "sh",
                [
                    "-c",
                    "mkdir -p \"$1\" && cd \"$1\" && seq -f 'd%.0f' 0 99 | xargs mkdir && "
                        + "seq 0 99999 | awk '{ print \"d\" ($1 % 100) \"/a-file-with-a-name-\" $1 }' | xargs touch",
                    "sh", scratch("ctx").string,
                ])
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let clock = ContinuousClock()
            var manifest = ContextManifest()
            let before = try residentMemory()
            let time = try clock.measure { manifest = try context.scan() }
            let grown = try residentMemory() - before
            #expect(manifest.items.count == 100_100)
            // Other tests run in this process at the same time: the bound is generous.
            #expect(grown < 128 << 20, "100,000 entries took \(grown) bytes")
            print("scanned 100,000 files in \(time), \(grown >> 10) KiB")
            #expect(time < .seconds(30), "a scan of 100,000 files took \(time)")
        }
    }
}
