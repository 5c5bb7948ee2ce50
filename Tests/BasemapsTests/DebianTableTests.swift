import Basemaps
import Foundation
import Testing

/// The table that comes with `replay`.
@Suite struct DebianTableTests {
    static func map() throws -> Basemap {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../basemaps/debian.yaml")
        return try Basemap(files: [(name: "debian.yaml", text: String(contentsOf: file, encoding: .utf8))])
    }

    @Test(arguments: [
        ("debian", "13"), ("debian:latest", "13"), ("debian:stable", "13"), ("debian:stable-slim", "13"),
        ("debian:trixie", "13"), ("debian:13.2-slim", "13"), ("debian:trixie-20261103-slim", "13"),
        ("debian:bookworm", "12"), ("debian:bookworm-slim", "12"), ("debian:12", "12"), ("debian:12-slim", "12"),
        ("debian:12.12", "12"), ("debian:oldstable", "12"), ("debian:bookworm-20261103", "12"),
        ("debian:bullseye", "11"), ("debian:11-slim", "11"), ("debian:oldoldstable-slim", "11"),
    ])
    func aTagLeadsToItsRelease(reference: String, release: String) throws {
        let base = try Self.map().resolve(reference, cloud: "qemu", architecture: "amd64")
        #expect(base.release == release)
        #expect(base.row == "debian:\(release)")
        #expect(base.environment.map(\.name) == ["PATH"])
        #expect(base.sources.count == 2)
    }

    @Test(arguments: [
        "debian:bookworm-backports", "debian:sid", "debian:10", "debian:12-backports", "debian:123",
        "debian:experimental",
        "debian:unstable-slim", "debian:rc-buggy", "ubuntu:24.04", "me/debian:12",
    ])
    func otherTagsDoNot(reference: String) throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .unknownBase)
    }

    @Test(arguments: ["bullseye", "bookworm", "trixie"], ["amd64", "arm64"])
    func theOfficialImageComesFirst(suite: String, architecture: String) throws {
        let base = try Self.map().resolve("debian:\(suite)", cloud: "qemu", architecture: architecture)
        guard case .download(let image) = base.sources.first else { throw Unexpected() }
        let directory = "https://cloud.debian.org/images/cloud/\(suite)/latest/"
        #expect(image.url == "\(directory)debian-\(base.release)-genericcloud-\(architecture).qcow2")
        #expect(image.checksums == directory + "SHA512SUMS")
        if case .recipe(let recipe) = base.sources.last { #expect(recipe.suite == suite) }
    }
}

struct Unexpected: Error {}
