internal import Archives
internal import Synchronization

/// Finds the size of a tar archive without the files' contents: what counts are the headers, which the archive
/// library alone knows to write, and the sizes, rounded up to whole blocks.
struct CopyArchiveSize: TarEntrySource {
    /// A size from here on does not fit a plain header, whose size field has eleven octal digits.
    private static let large: Int64 = 1 << 33

    /// The bytes that the measured stream does not have.
    private final class Tally: Sendable {
        let bytes = Mutex<Int64>(0)
    }

    private var members: CopyMembers
    private let tally: Tally

    static func measure(_ members: CopyMembers) throws -> Int64 {
        let tally = Tally()
        let stream = try TarStream(CopyArchiveSize(members: members.withoutContents, tally: tally))
        let headers = try length(of: stream)
        return headers + tally.bytes.withLock { $0 }
    }

    mutating func next() throws -> TarEntry? {
        while let found = try members.next() {
            guard case .file(let size) = found.kind else { return found }
            let blocks = (size + 511) / 512 * 512
            tally.bytes.withLock { $0 += blocks }
            if size < Self.large {
                var empty = found
                empty.kind = .file(size: 0)
                return empty
            }
            let header = Self.header(of: found)
            tally.bytes.withLock { $0 += header }
        }
        return nil
    }

    func read(upTo maximum: Int) -> [UInt8] { [] }

    private static func length(of stream: TarStream) throws -> Int64 {
        var length: Int64 = 0
        while case let bytes = try stream.read(upTo: 64 * 1024), !bytes.isEmpty { length += Int64(bytes.count) }
        return length
    }

    /// The length of one member's header: what the stream gives out before it asks for content.
    private static func header(of entry: TarEntry) -> Int64 {
        struct Header: TarEntrySource {
            struct End: Error {}
            var entry: TarEntry?
            mutating func next() -> TarEntry? {
                defer { entry = nil }
                return entry
            }
            func read(upTo maximum: Int) throws -> [UInt8] { throw End() }
        }
        var length: Int64 = 0
        guard let stream = try? TarStream(Header(entry: entry)) else { return 0 }
        while let block = try? stream.read(upTo: 512), !block.isEmpty { length += Int64(block.count) }
        return length
    }
}
