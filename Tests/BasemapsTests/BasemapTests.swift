import Basemaps
import Testing

@Suite struct BasemapTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)
    static let table = """
        distribution: debian
        images: ["debian", "ghcr.io/mirror/debian"]
        environment: ["PATH=/usr/bin:/bin", "EMPTY="]
        rows:
          - name: "debian:12"
            release: "12"
            tags: ["bookworm", "12", "12.*"]
            variants: ["-slim"]
            digests: ["\(digest)"]
            clouds:
              qemu:
                source: https://cloud.example/
                checked: "2026-01-31"
                images:
                  - architectures: ["amd64", "arm64"]
                    download: {url: "https://x/{architecture}.qcow2", checksums: "https://x/SUMS", algorithm: sha512}
                  - architectures: ["amd64"]
                    recipe: {tool: mmdebstrap, suite: bookworm, packages: [a, b]}
              other:
                source: https://cloud.example/
                checked: "2026-01-31"
                images: []
        """

    static func map() throws -> Basemap { try Basemap(files: [(name: "t.yaml", text: table)]) }

    @Test(arguments: [
        "debian:bookworm", "debian:12", "debian:12-slim", "debian:bookworm-slim", "debian:12.11", "debian:12.1-slim",
        "docker.io/library/debian:12", "ghcr.io/mirror/debian:12", "debian@\(digest)", "debian:anything@\(digest)",
    ])
    func everyNameOfARowLeadsToIt(reference: String) throws {
        let base = try Self.map().resolve(reference, cloud: "qemu", architecture: "amd64")
        #expect(base.row == "debian:12")
        #expect(base.reference == reference)
        #expect(base.distribution == "debian")
        #expect(base.release == "12")
        #expect(base.environment == [EnvironmentVariable("PATH", "/usr/bin:/bin"), EnvironmentVariable("EMPTY", "")])
    }

    @Test func theSourcesKeepTheirOrderAndTheirArchitectures() throws {
        let download = { (name: String) in
            ImageSource.download(
                DownloadSource(url: "https://x/\(name).qcow2", checksums: "https://x/SUMS", algorithm: "sha512"))
        }
        let recipe = ImageSource.recipe(RecipeSource(tool: "mmdebstrap", suite: "bookworm", packages: ["a", "b"]))
        let map = try Self.map()
        #expect(
            try map.resolve("debian:12", cloud: "qemu", architecture: "amd64").sources == [download("amd64"), recipe])
        #expect(try map.resolve("debian:12", cloud: "qemu", architecture: "arm64").sources == [download("arm64")])
    }

    @Test(arguments: ["alpine", "debian:13", "debian:bookworm-backports", "ghcr.io/me/debian:12"])
    func anUnknownBaseNamesAnEntryThatMakesItKnown(reference: String) throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .unknownBase)
        try Self.expectEntry(error, makesKnown: reference)
    }

    @Test func aDigestIsTakenOnlyIfATableListsIt() throws {
        let reference = "debian:12@sha256:" + String(repeating: "ff", count: 32)
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        }
        #expect(error?.code == .unlistedDigest)
        try Self.expectEntry(error, makesKnown: reference)
    }

    @Test func anotherArchitectureIsRefusedWithThoseThatThereAre() throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve("debian:12", cloud: "qemu", architecture: "riscv64")
        }
        #expect(error?.code == .otherArchitecture)
        #expect(error?.message.contains("amd64, arm64") == true)
    }

    @Test func aCloudThatTheRowDoesNotNameIsRefused() throws {
        let map = try Self.map()
        let error = #expect(throws: BasemapError.self) {
            try map.resolve("debian:12", cloud: "ec2", architecture: "amd64")
        }
        #expect(error?.code == .noCell)
        #expect(error?.context == ["It has: other, qemu."])
    }

    @Test func anEarlierFileWins() throws {
        let own = Self.table.replacing("debian:12\"", with: "mine:12\"")
        let map = try Basemap(files: [(name: "own", text: own), (name: "t", text: Self.table)])
        #expect(try map.resolve("debian:12", cloud: "qemu", architecture: "amd64").row == "mine:12")
    }

    @Test(arguments: [
        ("", "is expected"), ("rows: [", "yaml"), ("distribution: debian", "“images” is missing"),
        (table.replacing("checked: \"2026-01-31\"", with: ""), "“checked” is missing"),
        (table.replacing("2026-01-31", with: "yesterday"), "“yesterday” is no date"),
        (table.replacing("https://cloud.example/", with: "somewhere"), "https URL of the publisher's page"),
        (table.replacing("sha512", with: "md5"), "neither sha256 nor sha512"),
        (table.replacing("tool: mmdebstrap", with: "tool: magic"), "there is no recipe tool “magic”"),
        (table.replacing(digest, with: "sha256:1"), "is no digest"),
        (table.replacing("\"EMPTY=\"", with: "\"EMPTY\""), "is no NAME=value"),
        (table.replacing("\"debian\", ", with: "\"Debian\", "), "is no image reference"),
    ])
    func aTableThatCannotBeUsedIsRefusedByName(text: String, reason: String) throws {
        let error = #expect(throws: BasemapError.self) { try Basemap(files: [(name: "mine.yaml", text: text)]) }
        #expect(error?.code == .invalidTable)
        #expect(error?.message.contains("mine.yaml") == true)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    /// The entry that an error suggests, completed as its comments say, makes the reference known.
    private static func expectEntry(_ error: BasemapError?, makesKnown reference: String) throws {
        let lines = try #require(error?.context.drop { !$0.hasPrefix("distribution:") })
        let entry = lines.joined(separator: "\n").replacing("https://…", with: "https://example.org")
        let map = try Basemap(files: [(name: "own", text: entry)])
        let base = try map.resolve(reference, cloud: "qemu", architecture: "amd64")
        #expect(base.sources.count == 1)
    }
}
