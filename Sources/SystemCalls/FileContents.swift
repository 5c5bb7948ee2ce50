public import SystemPackage

/// Small files, read whole.
public enum FileContents {
    /// The bytes of a file.
    /// - Parameter limit: A longer file is refused with `EFBIG`: what is read here fits memory by its nature.
    /// - Throws: `Errno`, as open(2) and read(2) answer.
    public static func read(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            while true {
                let piece = try unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
                    count = try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if piece.isEmpty { return bytes }
                guard bytes.count + piece.count <= limit else { throw Errno.fileTooLarge }
                bytes += piece
            }
        }
    }
}
