import Basemaps
import Foundation
import Testing

/// A distribution without systemd is refused by name and by its os-release.
@Suite struct AlpineTableTests {
    static func map() throws -> Basemap {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../basemaps/alpine.yaml")
        return try Basemap(files: [(name: "alpine.yaml", text: String(contentsOf: file, encoding: .utf8))])
    }

    @Test(arguments: ["alpine", "alpine:3", "alpine:3.20", "alpine:3.22.1", "alpine:edge", "alpine:20260127"])
    func aTagIsRefusedWithTheReason(reference: String) throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("OpenRC") == true)
    }

    @Test(arguments: ["alpine:sid", "me/alpine:3", "ghcr.io/library/alpine:3"])
    func otherImagesAreUnknown(reference: String) throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .unknownBase)
    }

    @Test func everyReleaseOfTheSystemIsRefused() throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve("app", distribution: "alpine", release: "3.20.1", cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .refused)
        #expect(
            try map.resolve("app", distribution: "debian", release: "12", cloud: "qemu", architecture: "amd64") == nil)
    }

    @Test func aRefusalBesideACellIsAContradiction() throws {
        let text = """
            {distribution: a, images: [a], environment: [], rows: [{name: a, release: "", tags: [], refusal: No.,
            clouds: {qemu: {source: "https://a/", checked: "2026-11-27", images: []}}}]}
            """
        let error = #expect(throws: BasemapError.self) { try Basemap(files: [(name: "t", text: text)]) }
        #expect(error?.code == .invalidTable)
    }
}
