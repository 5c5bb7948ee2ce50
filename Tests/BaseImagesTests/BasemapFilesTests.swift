import BaseImages
import Basemaps
import ReplayTestSupport
import SystemPackage
import Testing

@Suite struct BasemapFilesTests {
    static func table(_ name: String, tag: String) -> String {
        """
        distribution: debian
        images: ["debian"]
        environment: []
        rows:
          - {name: "\(name)", release: "12", tags: ["\(tag)"], clouds: {}}
        """
    }

    @Test func ownFilesComeBeforeOwnDirectoriesBeforeThoseThatComeAlong() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write(Self.table("file", tag: "a"), to: "mine.yaml")
            try scratch.write(Self.table("user", tag: "b"), to: "user/x.yml")
            try scratch.write("not yaml: [", to: "user/README.md")
            try scratch.write(Self.table("second", tag: "c"), to: "share/2.yaml")
            try scratch.write(Self.table("first", tag: "c"), to: "share/1.yaml")
            try scratch.write(Self.table("unused", tag: "d"), to: "other/1.yaml")
            let map = try BasemapFiles.load(
                files: [scratch("mine.yaml")], user: [scratch("user"), scratch("missing")],
                standard: [scratch("nowhere"), scratch("share"), scratch("other")])
            #expect(map.rows.map(\.name) == ["file", "user", "first", "second"])
        }
    }

    @Test func whatCannotBeReadIsNamed() async throws {
        let missing = #expect(throws: BasemapError.self) {
            try BasemapFiles.load(files: ["/nonexistent.yaml"], user: [], standard: [])
        }
        #expect(missing?.message == "The basemap /nonexistent.yaml cannot be read.")
        let none = #expect(throws: BasemapError.self) {
            try BasemapFiles.load(files: [], user: [], standard: ["/nonexistent"])
        }
        #expect(none?.context == ["looked in /nonexistent"])
    }

    @Test(
        arguments: [
            ("/usr/local/bin/replay", "/usr/local/share/replay/basemaps"),
            ("/home/me/replay/.build/x86_64-unknown-linux-gnu/debug/replay", "/home/me/replay/basemaps"),
        ] as [(FilePath, FilePath)])
    func theTablesAreFoundFromTheProgram(executable: FilePath, directory: FilePath) {
        #expect(BasemapFiles.standardDirectories(executable: executable).contains(directory))
    }
}
