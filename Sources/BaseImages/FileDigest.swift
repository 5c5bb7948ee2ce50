internal import Crypto
internal import SystemCalls
internal import SystemPackage

/// Digests of a file's bytes, computed in one pass.
struct FileDigest {
    /// SHA-256 in lower-case hexadecimal digits.
    var sha256: String
    /// SHA-512 in lower-case hexadecimal digits.
    var sha512: String
    /// The number of bytes.
    var size: Int64

    /// Reads the file. It blocks for as long as that takes: about a second for each half GiB.
    init(of path: FilePath) throws {
        var short = SHA256()
        var long = SHA512()
        size = 0
        let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        while case let chunk = try file.bytes(upTo: 1 << 20), !chunk.isEmpty {
            try Task.checkCancellation()
            short.update(data: chunk)
            long.update(data: chunk)
            size += Int64(chunk.count)
        }
        sha256 = Self.hexadecimal(short.finalize())
        sha512 = Self.hexadecimal(long.finalize())
    }

    /// The bytes in lower-case hexadecimal digits.
    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
