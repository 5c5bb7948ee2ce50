internal import Crypto
internal import SystemCalls
internal import SystemPackage

/// The name that content has by what it is: `sha256:` or `sha512:` and hexadecimal digits.
///
/// OCI image specification, descriptor.md: these two algorithms are registered.
public struct ContentDigest: Sendable, Hashable, Codable, CustomStringConvertible {
    /// `sha256` or `sha512`.
    public let algorithm: String
    /// The digits, in lower case.
    public let digits: String

    /// `sha256:…`
    public var description: String { "\(algorithm):\(digits)" }

    /// Reads a digest; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = ["sha256": 64, "sha512": 128][String(parts[0])],
            parts[1].utf8.count == length,
            parts[1].utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        algorithm = String(parts[0])
        digits = String(parts[1])
    }

    /// The digest of bytes.
    public init(sha256Of bytes: [UInt8]) {
        algorithm = "sha256"
        digits = Self.hexadecimal(SHA256.hash(data: bytes))
    }

    /// Reads it from a document; anything but a digest does not decode.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = ContentDigest(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "this is no digest: \(text.prefix(80))"))
        }
        self = digest
    }

    /// Writes it as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Whether the bytes are the ones that are meant.
    public func names(_ bytes: [UInt8]) -> Bool {
        algorithm == "sha512"
            ? Self.hexadecimal(SHA512.hash(data: bytes)) == digits
            : Self.hexadecimal(SHA256.hash(data: bytes)) == digits
    }

    /// Whether the file's bytes are the ones that are meant; it is read in pieces.
    func names(file path: FilePath) throws -> Bool {
        algorithm == "sha512"
            ? try Self.hash(path, SHA512()) == digits : try Self.hash(path, SHA256()) == digits
    }

    private static func hash(_ path: FilePath, _ function: some HashFunction) throws -> String {
        var function = function
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            while case let piece = try file.piece(upTo: 1 << 20), !piece.isEmpty {
                try Task.checkCancellation()
                function.update(data: piece)
            }
            return hexadecimal(function.finalize())
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
