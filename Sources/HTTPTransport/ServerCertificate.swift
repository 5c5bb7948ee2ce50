internal import CCurl
internal import Crypto
internal import Foundation
internal import SystemCalls

/// A certificate that a server has shown and that nobody has judged yet.
public struct ServerCertificate: Sendable, Hashable {
    /// Its bytes, X.690 DER.
    public let bytes: [UInt8]

    /// `AA:BB:…`, as vSphere's tools show it today.
    public var thumbprintSHA256: String { Self.text(SHA256.hash(data: bytes)) }
    /// `AA:BB:…`, as older tools show it.
    public var thumbprintSHA1: String { Self.text(Insecure.SHA1.hash(data: bytes)) }
    /// For ``HTTPTrust/pinned(publicKeyDigest:)``.
    public var publicKeyDigest: String { Data(SHA256.hash(data: publicKey)).base64EncodedString() }

    private let publicKey: [UInt8]

    /// Reads a certificate; nil when the bytes are none.
    public init?(_ bytes: [UInt8]) {
        guard let key = DERReader.publicKey(ofCertificate: bytes) else { return nil }
        self.bytes = bytes
        publicKey = key
    }

    /// Whether a text is one of its thumbprints, in whatever way it is written.
    public func matches(thumbprint: String) -> Bool {
        func plain(_ text: String) -> String { text.lowercased().filter(\.isHexDigit) }
        let wanted = plain(thumbprint)
        return wanted == plain(thumbprintSHA256) || wanted == plain(thumbprintSHA1)
    }

    /// Asks a server for its certificate. Nothing is sent but what TLS needs.
    /// - Parameter url: An `https:` URL; only its host and port count.
    /// - Throws: ``HTTPError``.
    public static func fetch(from url: String, limits: HTTPLimits = HTTPLimits()) async throws -> ServerCertificate {
        let executor = QueueExecutor(label: "replay.certificate")
        return try await CertificateReader(executor: executor).read(url, limits: limits)
    }

    private static func text(_ digest: some Sequence<UInt8>) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":")
    }
}

/// Connects on a queue of its own, since libcurl blocks.
private actor CertificateReader {
    private let executor: QueueExecutor

    init(executor: QueueExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func read(_ url: String, limits: HTTPLimits) throws -> ServerCertificate {
        let pem = try CurlSession.certificate(of: url, limits: limits)
        let lines = pem.split(separator: "\n").drop { !$0.contains("BEGIN CERTIFICATE") }.dropFirst()
            .prefix { !$0.contains("END CERTIFICATE") }
        guard let data = Data(base64Encoded: lines.joined()), let certificate = ServerCertificate(Array(data)) else {
            throw HTTPError(.malformed, "\(HTTPRequest(url).displayURL) showed a certificate that cannot be read.")
        }
        return certificate
    }
}

/// As much of X.690 as it takes to find a certificate's public key (RFC 5280 section 4.1).
enum DERReader {
    static func publicKey(ofCertificate bytes: [UInt8]) -> [UInt8]? {
        guard let certificate = element(in: bytes[...]), let signed = element(in: certificate.content) else {
            return nil
        }
        var rest = signed.content
        // version [0], serialNumber, signature, issuer, validity, subject; then the key.
        if rest.first == 0xA0 { rest = skip(rest) }
        for _ in 0..<5 { rest = skip(rest) }
        guard let key = element(in: rest), rest.first == 0x30 else { return nil }
        return Array(rest[rest.startIndex..<key.content.endIndex])
    }

    private static func skip(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        element(in: bytes).map { bytes[$0.content.endIndex...] } ?? []
    }

    private static func element(in bytes: ArraySlice<UInt8>) -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        guard bytes.count >= 2, let tag = bytes.first else { return nil }
        var index = bytes.startIndex + 1
        var length = Int(bytes[index])
        index += 1
        if length & 0x80 != 0 {
            let count = length & 0x7F
            guard (1...4).contains(count), bytes.endIndex - index >= count else { return nil }
            length = bytes[index..<index + count].reduce(0) { $0 << 8 | Int($1) }
            index += count
        }
        guard bytes.endIndex - index >= length else { return nil }
        return (tag, bytes[index..<index + length])
    }
}
