import Archives
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@Suite struct TarReaderTests {
    @Test func readsBackWhatTheStreamWrote() async throws {
        try await ScratchDirectory.with { scratch in
            let written = TarStreamTests.everyKind
            try scratch.write(drain(TarStream(MemorySource(written))), to: "a.tar")
            let reader = try TarReader(file: scratch("a.tar"))
            for (entry, content) in written {
                let read = try #require(try reader.next())
                #expect(read.kind == entry.kind)
                #expect(read.mode == entry.mode)
                #expect(read.userID == entry.userID)
                #expect(read.modified == entry.modified)
                #expect(read.path == entry.path)
                if !content.isEmpty { #expect(try reader.read(upTo: 100) == content) }
            }
            #expect(try reader.next() == nil)
        }
    }

    @Test(arguments: ["gzip", "bzip2", "xz", "zstd", "cat"])
    func aCompressedTarIsAnArchive(program: String) async throws {
        guard has(program) else { return }
        try await ScratchDirectory.with { scratch in
            try scratch.write(drain(TarStream(MemorySource([file("a", "b")]))), to: "a.tar")
            _ = try await run("sh", ["-c", "\(program) <a.tar >packed"], in: scratch.path)
            #expect(TarReader.isArchive(file: scratch("packed")))
        }
    }

    @Test(
        arguments: [
            ("empty", []), ("text", Array("#!/bin/sh\necho hello\n".utf8)),
            ("zeros", [UInt8](repeating: 0, count: 10240)),
            ("gzip magic only", [0x1f, 0x8b, 8, 0]), ("zip", Array("PK\u{3}\u{4}rest of it".utf8)),
        ] as [(String, [UInt8])])
    func otherBytesAreNone(name: String, bytes: [UInt8]) async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write(bytes, to: "f")
            #expect(!TarReader.isArchive(file: scratch("f")))
        }
    }

    @Test func aCompressedTextIsNone() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("not a tar\n", to: "f")
            _ = try await run("gzip", ["f"], in: scratch.path)
            #expect(!TarReader.isArchive(file: scratch("f.gz")))
        }
    }

    @Test func whatIsNotThereIsNoneAndAnErrorToOpen() async throws {
        #expect(!TarReader.isArchive(file: "/nonexistent/file"))
        let error = #expect(throws: ArchiveError.self) { _ = try TarReader(file: "/nonexistent/file") }
        #expect(error?.code == .inputOutput)
    }

    @Test func aTruncatedArchiveIsMalformed() async throws {
        try await ScratchDirectory.with { scratch in
            let all = try drain(TarStream(MemorySource([file("a", String(repeating: "x", count: 5000))])))
            try scratch.write(all.prefix(1000), to: "a.tar")
            let reader = try TarReader(file: scratch("a.tar"))
            _ = try reader.next()
            let error = #expect(throws: ArchiveError.self) {
                while try !reader.read(upTo: 4096).isEmpty {}
            }
            #expect(error?.code == .malformed)
        }
    }
}
