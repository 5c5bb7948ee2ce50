internal import SystemCalls
internal import SystemPackage

/// Where partitions begin on a raw disk image: MBR or GPT (UEFI specification, chapter 5), or no table at all.
enum PartitionTable {
    /// The offsets in bytes at which a file system may begin; 0 for a disk without a table.
    static func offsets(of disk: FileDescriptor) throws -> [Int64] {
        let first = try disk.bytes(at: 0, count: 512)
        guard first.count == 512, first[510] == 0x55, first[511] == 0xaa else { return [0] }
        let entries: [[UInt8]] = stride(from: 446, to: 510, by: 16).map { (at: Int) in Array(first[at..<(at + 16)]) }
        // Type 0xEE protects a GPT from those who know only the MBR.
        if entries.contains(where: { $0[4] == 0xee }) { return try guidOffsets(of: disk) }
        let used: [[UInt8]] = entries.filter { (entry: [UInt8]) -> Bool in entry[4] != 0 }
        let starts: [Int64] = used.map { (entry: [UInt8]) -> Int64 in Int64(entry.number(at: 8, bytes: 4)) * 512 }
        return starts.isEmpty ? [0] : starts
    }

    private static func guidOffsets(of disk: FileDescriptor) throws -> [Int64] {
        let header = try disk.bytes(at: 512, count: 92)
        guard header.starts(with: "EFI PART".utf8) else { return [] }
        // Values from the disk are not trusted: a table has 128 entries of 128 bytes as a rule.
        let count = Int(min(header.number(at: 80, bytes: 4), 1024))
        let size = Int(header.number(at: 84, bytes: 4))
        let start = header.number(at: 72, bytes: 8)
        guard (128...4096).contains(size), start < 1 << 32 else { return [] }
        let table = try disk.bytes(at: Int64(start) * 512, count: count * size)
        return stride(from: 0, to: table.count - table.count % size, by: size).compactMap { at in
            guard table[at..<(at + 16)].contains(where: { $0 != 0 }) else { return nil }
            let sector = table.number(at: at + 32, bytes: 8)
            return sector < 1 << 50 ? Int64(sector) * 512 : nil
        }
    }
}

extension FileDescriptor {
    /// The bytes at an offset; fewer at the end of the file.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
        try seek(offset: offset, from: .start)
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try piece(upTo: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }
}

extension [UInt8] {
    /// A little-endian number; 0 where the bytes are not there.
    func number(at offset: Int, bytes count: Int) -> UInt64 {
        guard offset + count <= self.count else { return 0 }
        return self[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
