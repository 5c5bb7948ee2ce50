import Foundation
import ReplayTestSupport
import Store
import SystemPackage
import Testing

@Suite struct StoreDirectoriesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var environment: [String: String]
        var data: FilePath
        var cache: FilePath
        var runtime: FilePath
        var testDescription: String { "\(environment)" }
    }

    @Test(arguments: [
        Case(
            environment: ["HOME": "/home/me"], data: "/home/me/.local/share/replay", cache: "/home/me/.cache/replay",
            runtime: "/tmp/replay-7"),
        Case(
            environment: [
                "HOME": "/home/me", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c/", "XDG_RUNTIME_DIR": "/run/user/7",
            ], data: "/d/replay", cache: "/c/replay", runtime: "/run/user/7/replay"),
        Case(
            environment: ["REPLAY_HOME": "/r", "HOME": "/home/me", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"],
            data: "/r", cache: "/r/cache", runtime: "/tmp/replay-7"),
        Case(
            environment: ["HOME": "/home/me", "XDG_DATA_HOME": "relative", "XDG_CACHE_HOME": "", "REPLAY_HOME": ""],
            data: "/home/me/.local/share/replay", cache: "/home/me/.cache/replay", runtime: "/tmp/replay-7"),
        Case(
            environment: ["REPLAY_HOME": "/r", "XDG_RUNTIME_DIR": "/" + String(repeating: "x", count: 80)],
            data: "/r", cache: "/r/cache", runtime: "/tmp/replay-7"),
    ])
    func `the environment chooses the directories`(example: Case) throws {
        let found = try StoreDirectories.resolve(environment: example.environment, user: 7)
        #expect(found == StoreDirectories(data: example.data, cache: example.cache, runtime: example.runtime))
        #expect(found.runtime.appending("0123456789ab.qmp.sock").length < 108)
    }

    @Test(arguments: [[:], ["REPLAY_HOME": "here"], ["HOME": "home"]])
    func `an environment that leads nowhere is an error`(environment: [String: String]) {
        let error = #expect(throws: StoreError.self) { try StoreDirectories.resolve(environment: environment, user: 7) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("REPLAY_HOME") == true)
    }

    @Test func `the directories are the user's alone`() throws {
        let scratch = try ScratchDirectory()
        let directories = StoreDirectories(
            data: scratch.path.appending("a/b"), cache: scratch.path.appending("c"),
            runtime: scratch.path.appending("r"))
        try FileManager.default.createDirectory(
            atPath: directories.runtime.string, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o777])
        try directories.create()
        for path in [directories.data, directories.cache, directories.runtime] {
            #expect(try path.stat().permissions == [.ownerReadWriteExecute])
        }
    }

    @Test func `a runtime directory that somebody else prepared is refused`() throws {
        let scratch = try ScratchDirectory()
        var directories = StoreDirectories(
            data: scratch.path.appending("a"), cache: scratch.path.appending("c"), runtime: scratch.path.appending("r"))
        try FileManager.default.createSymbolicLink(
            atPath: directories.runtime.string, withDestinationPath: scratch.path.string)
        #expect(throws: StoreError.self) { try directories.create() }
        // Of another user: this one, seen by another.
        directories.runtime = scratch.path.appending("s")
        #expect(throws: StoreError.self) { try directories.create(user: 4_000_000) }
        directories.data = "/proc/none"
        #expect(throws: StoreError.self) { try directories.create() }
    }
}
