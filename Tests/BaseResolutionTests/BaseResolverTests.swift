import Basemaps
import Foundation
import ImageRegistry
import ReplayTestSupport
import SystemPackage
import Testing

@testable import BaseResolution

@Suite struct BaseResolverTests {
    static let table = """
        distribution: debian
        images: ["debian"]
        environment: ["PATH=/bin"]
        rows:
          - name: "debian:12"
            release: "12"
            tags: ["12", "bookworm"]
            clouds:
              qemu:
                source: https://example.org/
                checked: "2026-11-27"
                images:
                  - architectures: ["amd64"]
                    recipe: {tool: mmdebstrap, suite: bookworm, packages: []}
        """

    /// Images by name: each with the base that it names, and its layer.
    struct Shelf: ImageContent {
        var name: String
        var base: String?
        var layer: FilePath = "/nonexistent"

        static let layerDigest = ContentDigest(sha256Of: [1])
        var configuration: [UInt8] {
            // The name makes the digest its own.
            Array(
                """
                {"architecture":"amd64","os":"linux","config":{"OnBuild":["RUN \(name)"]},
                "rootfs":{"diff_ids":["\(Self.layerDigest)"]}}
                """.utf8)
        }
        var manifest: [UInt8] {
            let digest = ContentDigest(sha256Of: configuration)
            let base = base.map { #""org.opencontainers.image.base.name":"\#($0)""# } ?? ""
            return Array(
                """
                {"schemaVersion":2,"config":{"digest":"\(digest)","size":\(configuration.count)},
                "layers":[{"digest":"\(Self.layerDigest)","size":1}],"annotations":{\(base)}}
                """.utf8)
        }

        func document(tag: String?) async throws -> [UInt8] { manifest }
        func document(_ digest: ContentDigest, size: Int64?, isManifest: Bool) async throws -> [UInt8] {
            isManifest ? manifest : configuration
        }
        func layer(_ descriptor: Descriptor) async throws -> FilePath { layer }
    }

    static func resolver(_ shelves: [Shelf]) throws -> BaseResolver {
        let basemap = try Basemap(files: [("table", table)])
        return BaseResolver(basemap: basemap, cloud: "qemu", architecture: "amd64") { name in
            guard let shelf = shelves.first(where: { $0.name == name.familiarName }) else {
                throw RegistryError(.notFound, "There is no \(name).", context: ["Correct the name."])
            }
            return shelf
        }
    }

    @Test func anImageInTheTableAsksNoRegistry() async throws {
        let chain = try await Self.resolver([]).resolve("debian:bookworm")
        #expect(chain.isBase)
        #expect(chain.base.row == "debian:12")
        #expect(chain.links.map(\.method) == [.basemap])
    }

    @Test func theBasesThatImagesNameAreWalked() async throws {
        let chain = try await Self.resolver([
            Shelf(name: "app", base: "runtime:3"), Shelf(name: "runtime", base: "ghcr.io/me/tools"),
            Shelf(name: "ghcr.io/me/tools", base: "docker.io/library/debian:12"),
        ]).resolve("app:1")
        #expect(
            chain.links.map(\.reference) == ["app:1", "runtime:3", "ghcr.io/me/tools", "docker.io/library/debian:12"])
        #expect(chain.links.map(\.method) == [.annotation, .annotation, .annotation, .basemap])
        #expect(chain.links.map(\.onBuild) == [["RUN app"], ["RUN runtime"], ["RUN ghcr.io/me/tools"], []])
        #expect(chain.base.row == "debian:12")
        #expect(!chain.isBase)
    }

    @Test func aCircleIsFound() async throws {
        let error = await #expect(throws: ResolutionError.self) {
            try await Self.resolver([Shelf(name: "a", base: "b"), Shelf(name: "b", base: "a")]).resolve("a")
        }
        #expect(error?.code == .cycle)
        #expect(error?.message.contains("a → b → a") == true)
    }

    @Test func aBrokenLinkIsNamedWithTheWayToIt() async throws {
        let error = await #expect(throws: ResolutionError.self) {
            try await Self.resolver([Shelf(name: "a", base: "gone:1")]).resolve("a")
        }
        #expect(error?.code == .link)
        #expect(error?.message.hasPrefix("a leads to gone:1, which cannot be read") == true)
        #expect(error?.context == ["Correct the name."])
    }

    @Test(arguments: [
        ("ID=debian\nVERSION_ID=\"12\"\n", nil),
        ("ID=alpine\nVERSION_ID=3.20.1\n", ResolutionError.Code.unlistedSystem),
        ("", .unknownSystem),
    ])
    func theLowestLayerSaysWhichSystemItIs(text: String, code: ResolutionError.Code?) async throws {
        let scratch = try ScratchDirectory("layer")
        try scratch.write(text, to: text.isEmpty ? "etc/hostname" : "etc/os-release")
        let tar = try await CommandRun.run(
            ["tar", "-C", scratch.path.string, "-czf", scratch("layer.tar.gz").string, "./etc"])
        try #require(tar.status == 0)
        let resolver = try Self.resolver([Shelf(name: "a", base: nil, layer: scratch("layer.tar.gz"))])
        if let code {
            let error = await #expect(throws: ResolutionError.self) { try await resolver.resolve("a") }
            #expect(error?.code == code)
        } else {
            let chain = try await resolver.resolve("a")
            #expect(chain.links.map(\.method) == [.osRelease])
            #expect(chain.base.row == "debian:12")
        }
    }

    @Test(arguments: [
        ("ID=debian\nVERSION_ID=\"12\"", "debian", "12"),
        ("# x\nNAME=\"A B\"\nID='fedora'\nVERSION_ID=43", "fedora", "43"),
        ("ID=arch", "arch", ""),
    ])
    func osReleaseIsReadAsTheShellReadsIt(text: String, distribution: String, release: String) {
        let system = OSRelease(text)
        #expect(system?.distribution == distribution)
        #expect(system?.release == release)
    }
}
