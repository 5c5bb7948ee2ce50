import Basemaps
import Foundation
import HTTPTransport
import ReplayTestSupport
import SystemPackage
import Testing

@testable import ImageRegistry

@Suite struct HostileRegistryTests {
    typealias Reply = StubHTTPServer.Reply

    /// One bent answer: of which request, what instead, and how the client must refuse.
    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var path: String
        var reply: Reply
        var code: RegistryError.Code
    }

    static let manifestPath = "/v2/web/app/manifests/\(ContentDigest(sha256Of: StubImages.manifest))"
    static let configurationPath = "/v2/web/app/blobs/\(ContentDigest(sha256Of: StubImages.configuration))"
    static let layerPath = "/v2/web/app/blobs/\(StubImages.layerDigest)"
    static let tagPath = "/v2/web/app/manifests/1"

    static let lies: [Lie] = [
        Lie(
            testDescription: "a manifest of another digest", path: manifestPath,
            reply: Reply(body: StubImages.manifest.dropLast() + [32, 125].prefix(1)), code: .mismatch),
        Lie(
            testDescription: "a manifest that is longer than promised", path: manifestPath,
            reply: Reply(body: StubImages.manifest + [32]), code: .mismatch),
        Lie(
            testDescription: "a configuration of another digest", path: configurationPath,
            reply: Reply(body: StubImages.configuration.map { $0 == 65 ? 66 : $0 }), code: .mismatch),
        Lie(
            testDescription: "a configuration that is longer than promised", path: configurationPath,
            reply: Reply(body: StubImages.configuration + [32]), code: .tooLarge),
        Lie(
            testDescription: "a header with another digest", path: tagPath,
            reply: Reply(
                headers: ["Docker-Content-Digest": "\(StubImages.layerDigest)"], body: StubImages.index),
            code: .mismatch),
        Lie(
            testDescription: "a huge index", path: tagPath,
            reply: Reply(body: [UInt8](repeating: 32, count: largestDocument + 1)), code: .tooLarge),
        Lie(
            testDescription: "an index that promises terabytes", path: tagPath,
            reply: Reply(body: [123], declaredLength: 1 << 42), code: .tooLarge),
        Lie(
            testDescription: "a redirect to itself", path: tagPath,
            reply: Reply(307, headers: ["Location": tagPath]), code: .unavailable),
        Lie(
            testDescription: "a redirect to a file of this machine", path: tagPath,
            reply: Reply(307, headers: ["Location": "file:///etc/passwd"]), code: .unavailable),
        Lie(
            testDescription: "silence after the first byte", path: tagPath,
            reply: Reply(body: [123], declaredLength: 100, stalls: true), code: .timedOut),
        Lie(
            testDescription: "no JSON", path: tagPath, reply: Reply(text: "<html>"), code: .malformed),
        Lie(
            testDescription: "schema 1", path: tagPath,
            reply: Reply(text: #"{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}]}"#), code: .malformed),
        Lie(
            testDescription: "a digest that is a path", path: tagPath,
            reply: Reply(
                text: #"{"schemaVersion":2,"layers":[],"config":{"digest":"sha256:../../etc/passwd","size":1}}"#),
            code: .malformed),
        Lie(
            testDescription: "a negative size", path: tagPath,
            reply: Reply(
                text: #"{"schemaVersion":2,"layers":[],"config":{"digest":"\#(StubImages.layerDigest)","size":-1}}"#),
            code: .tooLarge),
        Lie(testDescription: "a challenge without an answer", path: tagPath, reply: Reply(401), code: .unauthorized),
        Lie(testDescription: "not there", path: tagPath, reply: Reply(404), code: .notFound),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: lies)
    func isRefusedWithinItsDeadline(lie: Lie) async throws {
        let scratch = try ScratchDirectory("registry")
        try await StubHTTPServer.with { request in
            request.path == lie.path ? lie.reply : StubImages.reply(request)
        } body: { server in
            let client = try Self.client(server, scratch, .init(document: .seconds(2)))
            let start = ContinuousClock.now
            let error = await #expect(throws: RegistryError.self) {
                try await client.image(
                    "web/app:1", tag: "1", digest: nil, platform: ImagePlatform(architecture: "amd64"))
            }
            #expect(error?.code == lie.code, "\(String(describing: error))")
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test(arguments: [
        (Reply(body: Array("a Layer".utf8)), RegistryError.Code.mismatch),
        (Reply(body: Array("a layer and more".utf8)), .tooLarge),
        (Reply(body: Array("a lay".utf8)), .mismatch),
    ])
    func aLayerThatIsAnotherIsNotKept(reply: Reply, code: RegistryError.Code) async throws {
        let scratch = try ScratchDirectory("registry")
        try await StubHTTPServer.with { request in
            request.path == Self.layerPath ? reply : StubImages.reply(request)
        } body: { server in
            let client = try Self.client(server, scratch)
            let layer = Descriptor(
                mediaType: nil, digest: StubImages.layerDigest, size: Int64(StubImages.layer.count))
            let error = await #expect(throws: RegistryError.self) { try await client.layer(layer) }
            #expect(error?.code == code)
            #expect(try scratch.names(in: "cache/sha256") == [])
        }
    }

    @Test(arguments: [
        ("https://auth/t", "https://r/v2", true), ("http://auth/t", "https://r/v2", false),
        ("http://127.0.0.1/t", "http://127.0.0.1/v2", true), ("file:///etc/passwd", "https://r/v2", false),
    ])
    func aPasswordIsNotSentWithoutTLS(token: String, registry: String, isAllowed: Bool) {
        #expect(RegistryClient.mayAsk(token, for: registry) == isAllowed)
    }

    @Test func aChallengeIsReadAndACredentialIsNotShown() throws {
        let challenge = try #require(AuthenticationChallenge(#"Bearer realm="http://evil/x",service="s""#))
        #expect(
            challenge.tokenURL(scope: "repository:a b:pull") == "http://evil/x?service=s&scope=repository:a%20b:pull")
        let credential = RegistryCredential(user: "me", password: "hunter2")
        #expect(!"\(credential)".contains("hunter2"))
        #expect(!String(reflecting: credential).contains("hunter2"))
    }

    static func client(
        _ server: StubHTTPServer, _ scratch: ScratchDirectory, _ deadlines: RegistryClient.Deadlines = .init()
    ) throws -> RegistryClient {
        RegistryClient(
            try ImageReference("127.0.0.1:\(server.port)/web/app:1"),
            cache: ContentCache(directory: scratch("cache")), deadlines: deadlines)
    }
}
