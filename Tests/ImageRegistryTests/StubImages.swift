import Foundation
import ReplayTestSupport
import Synchronization

@testable import ImageRegistry

/// A registry of one image, made of documents in memory; each test bends one of them.
struct StubImages: Sendable {
    static let layer = Array("a layer".utf8)
    static let layerDigest = ContentDigest(sha256Of: layer)
    static let configuration =
        Array(
            #"{"architecture":"amd64","os":"linux","config":{"Env":["A=1"],"OnBuild":["RUN x"],"Labels":{"l":"1"}},"#
                .utf8
        ) + Array(#""rootfs":{"type":"layers","diff_ids":["\#(layerDigest)"]}}"#.utf8)
    static let manifest = Array(
        """
        {"schemaVersion":2,"config":{"digest":"\(ContentDigest(sha256Of: configuration))","size":\(configuration.count)},
        "layers":[{"digest":"\(layerDigest)","size":\(layer.count)}],
        "annotations":{"org.opencontainers.image.base.name":"debian:12"}}
        """.utf8)
    static let index = Array(
        """
        {"schemaVersion":2,"manifests":[
        {"digest":"\(ContentDigest(sha256Of: Array("other".utf8)))","size":5,"platform":{"os":"linux","architecture":"arm64"}},
        {"digest":"\(ContentDigest(sha256Of: manifest))","size":\(manifest.count),
        "platform":{"os":"linux","architecture":"amd64"}},
        {"digest":"\(layerDigest)","size":7,"annotations":{"vnd.docker.reference.type":"attestation-manifest"},
        "platform":{"os":"unknown","architecture":"unknown"}}]}
        """.utf8)

    /// What an honest registry answers, under `/v2/web/app/`.
    static func reply(_ request: StubHTTPServer.Request) -> StubHTTPServer.Reply {
        let blobs = [layerDigest: layer, ContentDigest(sha256Of: configuration): configuration]
        let manifests = [ContentDigest(sha256Of: manifest): manifest, ContentDigest(sha256Of: index): index]
        let name = request.path.split(separator: "/").last.map(String.init) ?? ""
        if request.path == "/v2/web/app/manifests/1" { return .init(body: index) }
        if request.path == "/v2/web/app/manifests/plain" { return .init(body: manifest) }
        guard let digest = ContentDigest(name) else { return .init(404) }
        if request.path.hasPrefix("/v2/web/app/blobs/"), let bytes = blobs[digest] {
            return .document(bytes, for: request)
        }
        return manifests[digest].map { .init(body: $0) } ?? .init(404)
    }
}
