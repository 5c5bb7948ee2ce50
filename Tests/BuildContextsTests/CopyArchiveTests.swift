import BuildContexts
import Crypto
import Foundation
import ReplayPlan
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@Suite struct CopyArchiveTests {
    /// Reads an archive to its end, in pieces of odd sizes.
    static func drain(_ archive: CopyArchive) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var size = 1
        while case let piece = try archive.read(upTo: size), !piece.isEmpty {
            #expect(piece.count <= size)
            bytes += piece
            size = size % 70_001 + 997
        }
        return bytes
    }

    @Test func gnuTarReadsEveryKindOfSource() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("A", to: "ctx/a.txt")
            try scratch.write("e", to: "ctx/d/s/e\nf")
            try scratch.write("twice", to: "ctx/d/one")
            try await run("ln", [scratch("ctx/d/one").string, scratch("ctx/d/two").string])
            try await run("ln", ["-s", "../../out", scratch("ctx/d/link").string])
            try await run("chmod", ["4711", scratch("ctx/a.txt").string])
            try await run("chmod", ["0700", scratch("ctx/d/s").string])
            for name in ["a.txt", "d", "d/s", "d/s/e\nf", "d/one", "d/link"] {
                try FileStatus.setModified(1_500_000_000_000_000_000, of: scratch("ctx/\(name)"))
            }
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let manifest = try context.scan()
            let action = CopyAction(
                sources: [
                    .file(path: "a.txt", name: "alias"),
                    .directory(path: "d", entries: ["link", "one", "s", "s/e\nf", "two"]),
                    .inline(InlineFile(name: "EOF", content: "größe\n")),
                ], destination: "/x/")
            let archive = try context.archive(of: action, manifest: manifest)
            let bytes = try Self.drain(archive)

            #expect(archive.digest == "sha256:" + SHA256.hash(data: bytes).map { hex($0) }.joined())
            #expect(try archive.totalSize() == Int64(bytes.count))
            #expect(archive.bytesRead == Int64(bytes.count))
            #expect(archive.contentSize == 1 + 1 + 5 + 8)
            try scratch.write(bytes, to: "copy.tar")
            let list = try await run("tar", ["--numeric-owner", "-tvf", scratch("copy.tar").string])
            let moment = "2017-07-14 02:40"
            #expect(
                list == """
                    -rws--x--x 0/0               1 \(moment) 0/alias
                    drwxr-xr-x 0/0               0 \(moment) 1/
                    lrwxrwxrwx 0/0               0 \(moment) 1/link -> ../../out
                    -rw-r--r-- 0/0               5 \(moment) 1/one
                    drwx------ 0/0               0 \(moment) 1/s/
                    -rw-r--r-- 0/0               1 \(moment) 1/s/e\\nf
                    hrw-r--r-- 0/0               0 \(moment) 1/two link to 1/one
                    -rw-r--r-- 0/0               8 1970-01-01 00:00 2/EOF

                    """)
            try await run("mkdir", [scratch("out").string])
            try await run("tar", ["-xf", scratch("copy.tar").string, "-C", scratch("out").string])
            #expect(try scratch.read("out/1/s/e\nf") == Array("e".utf8))
            #expect(try scratch.read("out/2/EOF") == Array("größe\n".utf8))
            let again = try context.archive(of: action, manifest: manifest)
            #expect(try Self.drain(again) == bytes)
        }
    }

    func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    @Test(arguments: ["-cf", "-czf", "-cjf", "-cJf"])
    func aLocalArchiveBecomesMembersWithTheirOwners(_ create: String) async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("U", to: "tree/t/u.txt")
            try await run("ln", [scratch("tree/t/u.txt").string, scratch("tree/t/v.txt").string])
            try await run("ln", ["-s", "u.txt", scratch("tree/t/l").string])
            try scratch.write("", to: "ctx/.keep")
            try await run(
                "tar",
                [
                    create, scratch("ctx/t.bin").string, "--owner=7", "--group=8", "--mtime=@1500000000", "--mode=0640",
                    "--sort=name", "-C", scratch("tree").string, "./t",
                ])
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let archive = try context.archive(
                of: CopyAction(sources: [.archive(path: "t.bin")], destination: "/x"), manifest: context.scan())
            let bytes = try Self.drain(archive)
            #expect(try archive.totalSize() == Int64(bytes.count))
            try scratch.write(bytes, to: "copy.tar")
            let list = try await run("tar", ["--numeric-owner", "-tvf", scratch("copy.tar").string])
            let lines = list.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
            #expect(
                lines.map { $0[5...].joined(separator: " ") } == [
                    "0/", "0/t/", "0/t/l -> u.txt", "0/t/u.txt", "0/t/v.txt link to 0/t/u.txt",
                ])
            #expect(lines.map { $0[1] } == ["0/0", "7/8", "7/8", "7/8", "7/8"])
        }
    }

    @Test func anArchiveThatReachesOutsideIsRefused() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("U", to: "tree/a/u")
            try scratch.write("", to: "ctx/.keep")
            try await run(
                "tar", ["-P", "-cf", scratch("ctx/t.tar").string, "../tree/a/u"], in: scratch("tree"))
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let archive = try context.archive(
                of: CopyAction(sources: [.archive(path: "t.tar")], destination: "/x"), manifest: context.scan())
            let error = #expect(throws: ContextError.self) { try Self.drain(archive) }
            #expect(error?.code == .archive)
        }
    }

    enum Change: String, CaseIterable, Sendable { case longer, shorter, gone, link, sameSizeOtherContent }

    @Test(arguments: Change.allCases) func aFileThatChangesBeforeItIsReadIsAnError(_ change: Change) async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("0123456789", to: "ctx/f")
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let manifest = try await context.complete(try context.scan(), for: ContextNeeds(digests: ["f"]))
            let before = try FileStatus(of: scratch("ctx/f"))
            let archive = try context.archive(
                of: CopyAction(sources: [.file(path: "f", name: "f")], destination: "/x"), manifest: manifest)
            switch change {
            case .longer: try scratch.write("0123456789a", to: "ctx/f")
            case .shorter: try scratch.write("012345678", to: "ctx/f")
            case .gone: try FileManager.default.removeItem(atPath: scratch("ctx/f").string)
            case .link:
                try scratch.write("0123456789", to: "other")
                try FileManager.default.removeItem(atPath: scratch("ctx/f").string)
                try await run("ln", ["-s", scratch("other").string, scratch("ctx/f").string])
            case .sameSizeOtherContent:
                try scratch.write("012345678X", to: "ctx/f")
                try FileStatus.setModified(before.modified, of: scratch("ctx/f"))
            }
            let error = #expect(throws: ContextError.self) { try Self.drain(archive) }
            #expect(error?.code == .changed)
            #expect(error?.message.contains("f in the build context changed") == true)
        }
    }

    @Test func aFileThatShrinksWhileItIsReadIsAnError() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write([UInt8](repeating: 7, count: 4_000_000), to: "ctx/f")
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let archive = try context.archive(
                of: CopyAction(sources: [.file(path: "f", name: "f")], destination: "/x"), manifest: context.scan())
            _ = try archive.read(upTo: 1024)
            try await run("truncate", ["-s", "2000000", scratch("ctx/f").string])
            let error = #expect(throws: ContextError.self) { try Self.drain(archive) }
            #expect(error?.code == .changed)
        }
    }

    @Test func aLargeFileNeedsLittleMemory() async throws {
        try await ScratchDirectory.with { scratch in
            let size: Int64 = 1 << 30
            try scratch.write("", to: "ctx/big")
            try await run("truncate", ["-s", String(size), scratch("ctx/big").string])
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let archive = try context.archive(
                of: CopyAction(sources: [.file(path: "big", name: "big")], destination: "/x"),
                manifest: context.scan())
            let before = try peakMemory()
            var count: Int64 = 0
            while case let piece = try archive.read(upTo: 128 * 1024), !piece.isEmpty { count += Int64(piece.count) }
            let grown = try peakMemory() - before
            #expect(count == (try archive.totalSize()))
            #expect(grown < 32 << 20, "peak memory grew by \(grown) bytes")
        }
    }

    @Test func sizesBeyondAPlainHeaderAreKnownWithoutReading() async throws {
        try await ScratchDirectory.with { scratch in
            let size: Int64 = 9 << 30
            try scratch.write("", to: "ctx/huge")
            try await run("truncate", ["-s", String(size), scratch("ctx/huge").string])
            try FileStatus.setModified(1_500_000_000_000_000_000, of: scratch("ctx/huge"))
            let context = try DirectoryContext(root: scratch("ctx"), dockerfile: nil)
            let archive = try context.archive(
                of: CopyAction(sources: [.file(path: "huge", name: "huge")], destination: "/x"),
                manifest: context.scan())
            // An extended header of two blocks, the header, the content, two blocks of zeros.
            #expect(try archive.totalSize() == size + 5 * 512)
        }
    }

    /// The peak resident size of this process in bytes.
    private func peakMemory() throws -> Int64 {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(Int64(line.split(separator: " ")[1])) << 10
    }
}
