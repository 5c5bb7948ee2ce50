public import SystemPackage

/// Files that fit in memory, those of `/proc` too, whose sizes are not known before they are read.
public enum SmallFile {
    /// Reads a file from its beginning.
    /// - Parameter limit: No more bytes than this are read.
    public static func read(_ path: FilePath, limit: Int = 1 << 24) throws(SystemCallError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try file.closeAfter { try read(file, limit: limit) }
        } catch { throw SystemCallError(errno(of: error), "read '\(path)'") }
    }

    /// Reads the last bytes of a file.
    public static func readEnd(of path: FilePath, last count: Int) throws(SystemCallError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            return try file.closeAfter {
                let size = try file.seek(offset: 0, from: .end)
                try file.seek(offset: max(0, size - Int64(count)), from: .start)
                return try read(file, limit: count)
            }
        } catch { throw SystemCallError(errno(of: error), "read '\(path)'") }
    }

    private static func read(_ file: FileDescriptor, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(max(limit, 1), 65536))
        while bytes.count < limit {
            let count = unsafe try buffer.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
            if count == 0 { break }
            bytes += buffer[..<min(count, limit - bytes.count)]
        }
        return bytes
    }
}

extension FileDescriptor {
    /// Reads the next bytes of a file; none at its end.
    public func piece(upTo count: Int) throws -> [UInt8] {
        unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            unsafe filled = try read(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
