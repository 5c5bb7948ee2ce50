import Glibc
public import SystemPackage

/// Looks for words in the bytes of a large file, wherever they are.
public enum ByteSearch {
    /// How often each word occurs in a file. Holes are skipped (`SEEK_DATA`, lseek(2)): they hold no word.
    /// - Parameter words: Not empty ones. None may be longer than 64 KiB.
    /// - Throws: `Errno`, or `CancellationError`.
    public static func counts(of words: [[UInt8]], in path: FilePath) throws -> [Int] {
        var counts = [Int](repeating: 0, count: words.count)
        let overlap = (words.map(\.count).max() ?? 1) - 1
        let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        return try file.closeAfter {
            var offset: Int64 = 0
            while true {
                let (data, end): (Int64, Int64)
                do {
                    data = try file.seek(offset: offset, from: Self.data)
                    end = try file.seek(offset: data, from: Self.hole)
                    try file.seek(offset: data, from: .start)
                } catch Errno.noSuchAddressOrDevice {
                    return counts  // No data from here to the end.
                }
                offset = data
                // What a piece ends with is searched again with the next one, so that no word falls between two.
                var kept: [UInt8] = []
                while offset < end {
                    try Task.checkCancellation()
                    let piece = try file.piece(upTo: Int(min(end - offset, 4 << 20)))
                    if piece.isEmpty { break }
                    offset += Int64(piece.count)
                    let window = kept + piece
                    for (index, word) in words.enumerated() {
                        // What was kept is shorter than any word but the longest, so shorter ones might be counted twice.
                        let from = max(0, kept.count - (word.count - 1))
                        counts[index] += count(word, in: window, from: from)
                    }
                    kept = Array(window.suffix(overlap))
                }
            }
        }
    }

    // SEEK_DATA and SEEK_HOLE of the kernel's interface (include/uapi/linux/fs.h); glibc's header hides them.
    private static let data = FileDescriptor.SeekOrigin(rawValue: 3)
    private static let hole = FileDescriptor.SeekOrigin(rawValue: 4)

    private static func count(_ word: [UInt8], in bytes: [UInt8], from start: Int) -> Int {
        unsafe bytes.withUnsafeBytes { haystack in
            unsafe word.withUnsafeBytes { needle in
                guard let base = haystack.baseAddress, let wanted = needle.baseAddress else { return 0 }
                let last = haystack.count - needle.count
                let first = unsafe Int32(needle[0])
                var (count, at) = (0, start)
                // memchr(3) runs over what cannot be the word's beginning as fast as the memory gives it.
                while at <= last, let found = unsafe memchr(base + at, first, last - at + 1) {
                    if unsafe memcmp(found, wanted, needle.count) == 0 { count += 1 }
                    at = unsafe UnsafeRawPointer(found) - base + 1
                }
                return count
            }
        }
    }
}
