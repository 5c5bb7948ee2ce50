import Archives
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// Members with contents in memory; a content may be generated, so that it can be large.
struct MemorySource: TarEntrySource {
    var members: [(entry: TarEntry, content: [UInt8])]
    var repeated: Int64 = 0
    var piece = Int.max
    private var index = -1
    private var offset = 0

    init(_ members: [(TarEntry, [UInt8])], piece: Int = .max) {
        self.members = members.map { (entry: $0.0, content: $0.1) }
        self.piece = piece
    }

    mutating func next() throws -> TarEntry? {
        index += 1
        offset = 0
        return index < members.count ? members[index].entry : nil
    }

    mutating func read(upTo maximum: Int) throws -> [UInt8] {
        let content = members[index].content
        let end = min(content.count, offset + min(maximum, piece))
        defer { offset = end }
        return Array(content[offset..<end])
    }
}

/// One large file of zeros that is nowhere in memory.
struct ZeroSource: TarEntrySource {
    var size: Int64
    private var given = false

    init(size: Int64) { self.size = size }

    mutating func next() throws -> TarEntry? {
        defer { given = true }
        return given ? nil : TarEntry(path: "zeros", kind: .file(size: size), mode: 0o644)
    }

    mutating func read(upTo maximum: Int) throws -> [UInt8] { [UInt8](repeating: 0, count: maximum) }
}

func drain(_ stream: TarStream, by piece: Int = 1 << 18) throws -> [UInt8] {
    var all: [UInt8] = []
    while case let bytes = try stream.read(upTo: piece), !bytes.isEmpty {
        #expect(bytes.count <= piece)
        all += bytes
    }
    return all
}

func file(_ path: String, _ text: String, mode: UInt16 = 0o644, modified: Int64 = 0) -> (TarEntry, [UInt8]) {
    (TarEntry(path: path, kind: .file(size: Int64(text.utf8.count)), mode: mode, modified: modified), Array(text.utf8))
}

@Suite struct TarStreamTests {
    static let long = String(repeating: "long-directory-name/", count: 15) + "file"
    static let moment: Int64 = 1_700_000_000_123_456_789

    static var everyKind: [(TarEntry, [UInt8])] {
        [
            (TarEntry(path: "dir/", kind: .directory, mode: 0o1777, userID: 7, groupID: 8), []),
            file("dir/plain", "hello\n", mode: 0o4755),
            file("dir/größe-日本", "unicode\n"),
            file(long, "deep\n"),
            file("exact-time", "t", modified: moment),
            file("before-1970", "t", modified: -1_500_000_000),
            file("empty", ""),
            (TarEntry(path: "sym", kind: .symbolicLink(target: "dir/größe-日本"), mode: 0o777), []),
            (TarEntry(path: "hard", kind: .hardLink(target: "dir/plain"), mode: 0o755), []),
            (
                TarEntry(
                    path: "owner", kind: .file(size: 0), mode: 0o600, userID: 4_000_000_000, groupID: 4_000_000_001),
                []
            ),
        ]
    }

    @Test(.enabled(if: has("tar"), "needs GNU tar"))
    func gnuTarListsWhatWasWritten() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write(drain(TarStream(MemorySource(Self.everyKind))), to: "a.tar")
            let list = try await run(
                "tar", ["--full-time", "--numeric-owner", "--quoting-style=literal", "-tvf", scratch("a.tar").string])
            let lines = list.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
            #expect(lines.count == Self.everyKind.count, "\(list)")
            #expect(lines[0].prefix(2) == ["drwxrwxrwt", "7/8"])
            #expect(lines[1][0] == "-rwsr-xr-x")
            #expect(lines[2].last == "dir/größe-日本")
            #expect(lines[3].last.map(String.init) == Self.long)
            #expect(lines[4].dropFirst(3).prefix(2) == ["2023-11-14", "22:13:20.123456789"])
            #expect(lines[5].dropFirst(3).prefix(2) == ["1969-12-31", "23:59:58.5"])
            #expect(lines[7].suffix(3) == ["sym", "->", "dir/größe-日本"])
            #expect(list.contains("hard link to dir/plain"))
            #expect(lines[9][1] == "4000000000/4000000001")
        }
    }

    @Test(.enabled(if: has("tar"), "needs GNU tar"))
    func gnuTarExtractsWhatWasWritten() async throws {
        try await ScratchDirectory.with { scratch in
            let members = [
                file("a/b.txt", "one"), file("größe", "two"),
                (TarEntry(path: "s", kind: .symbolicLink(target: "a/b.txt"), mode: 0o777), []),
            ]
            try scratch.write(drain(TarStream(MemorySource(members))), to: "a.tar")
            _ = try await run("tar", ["-xf", "a.tar", "--no-same-owner"], in: scratch.path)
            #expect(try scratch.read("a/b.txt") == Array("one".utf8))
            #expect(try scratch.read("größe") == Array("two".utf8))
            #expect(try scratch.read("s") == Array("one".utf8))
        }
    }

    @Test(arguments: [1, 511, 512, 4096, 1 << 20])
    func theBytesDependOnTheEntriesOnly(piece: Int) throws {
        let once = try drain(TarStream(MemorySource(Self.everyKind)))
        #expect(try drain(TarStream(MemorySource(Self.everyKind, piece: piece)), by: max(piece, 100)) == once)
        #expect(once.count.isMultiple(of: 512))
    }

    @Test func anEmptyArchiveIsTwoZeroBlocks() throws {
        #expect(try drain(TarStream(MemorySource([]))) == [UInt8](repeating: 0, count: 1024))
    }

    @Test func aLargeFilePassesInConstantMemory() throws {
        let stream = try TarStream(ZeroSource(size: 512 << 20))
        let before = try residentKiB()
        var total: Int64 = 0
        while case let bytes = try stream.read(upTo: 1 << 20), !bytes.isEmpty { total += Int64(bytes.count) }
        #expect(total == (512 << 20) + 1536)
        let after = try residentKiB()
        #expect(after - before < 16 * 1024)
    }

    @Test func aFileThatBecameShorterIsNamed() throws {
        let stream = try TarStream(
            MemorySource([(TarEntry(path: "log", kind: .file(size: 10), mode: 0o644), [1, 2, 3])]))
        let error = #expect(throws: ArchiveError.self) { _ = try drain(stream) }
        #expect(error?.code == .contentChanged)
        #expect(error?.message.contains("log changed while it was read") == true)
    }

    @Test(arguments: [
        TarEntry(path: "", kind: .directory, mode: 0o755),
        TarEntry(path: "a\0b", kind: .directory, mode: 0o755),
        TarEntry(path: "pipe", kind: .special, mode: 0o644),
        TarEntry(path: "negative", kind: .file(size: -1), mode: 0o644),
    ])
    func whatTarCannotHoldIsRefused(entry: TarEntry) throws {
        let stream = try TarStream(MemorySource([(entry, [])]))
        let error = #expect(throws: ArchiveError.self) { _ = try drain(stream) }
        #expect(error?.code == .invalidEntry)
    }

    private func residentKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
