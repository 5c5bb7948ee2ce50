import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// One `REPLAY_HOME` for all tests of a run, with the base image in its cache.
///
/// The base is made once: by download, or by root with the recipe. Everything else runs as an unprivileged user, as the
/// product promises. When the tests do not run as root they use their own user, and the base must come by download.
actor World {
    static let shared = World()

    /// Why these tests cannot run here; nil when they can.
    static let obstacle: String? = {
        for tool in ["qemu-system-x86_64", "qemu-img", "mmdebstrap", "extlinux"] {
            let found = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
            }
            if !found { return "\(tool) is not installed: make deps" }
        }
        return nil
    }()

    /// An unprivileged user that need not exist in passwd.
    static let uid: Int? = getuid() == 0 ? 61_900 : nil

    private var prepared: Task<String, any Error>?
    private var nginx: Task<Void, any Error>?
    private var python: Task<Void, any Error>?

    /// The home of the tests, with the base in it.
    func home() async throws -> String {
        if let prepared { return try await prepared.value }
        let task = Task { try await Self.prepare() }
        prepared = task
        return try await task.value
    }

    private static func prepare() async throws -> String {
        // Kept between runs on purpose: the base takes a minute to make. A fresh machine starts without it.
        let home = NSTemporaryDirectory() + "replay-end-to-end-\(uid ?? Int(getuid()))"
        let owner = uid ?? Int(getuid())
        try? FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let result = try await CommandRun.run(
            [PackagePlaces.replay, "basemap", "prepare", "debian:12", "--progress", "plain"],
            environment: ["REPLAY_HOME": home, "REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps"])
        try #require(result.status == 0, "the base image could not be made:\n\(result.errors)")
        if uid != nil {
            _ = try await CommandRun.run(["chown", "-R", "\(owner):\(owner)", home])
        }
        return home
    }

    /// Runs `replay` as the unprivileged user.
    static func start(
        _ arguments: [String], home: String, environment: [String: String] = [:], directory: String? = nil
    ) throws -> CommandRun {
        var variables = [
            "REPLAY_HOME": home, "HOME": home, "XDG_RUNTIME_DIR": "",
            "REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps",
        ]
        variables.merge(environment) { $1 }
        return try CommandRun(
            [PackagePlaces.replay] + arguments, environment: variables, directory: directory, uid: uid)
    }

    /// Runs `replay` as the unprivileged user, to its end.
    static func run(
        _ arguments: [String], home: String, environment: [String: String] = [:], directory: String? = nil
    ) async throws -> CommandRun.Result {
        try await start(arguments, home: home, environment: environment, directory: directory).result()
    }

    /// What the tests' user has running and lying about for machines: must be empty when no `replay` runs.
    static func leftovers(home: String) throws -> [String] {
        var found: [String] = []
        let builds = home + "/builds"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: builds)) ?? [] where !name.contains(".") {
            found.append("\(builds)/\(name)")
        }
        let runtime = "/tmp/replay-\(uid ?? Int(getuid()))"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: runtime)) ?? [] where name.contains("sock") {
            found.append("\(runtime)/\(name)")
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(name) != nil {
            guard let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { continue }
            let words = String(decoding: data, as: UTF8.self).replacing("\0", with: " ")
            if words.contains("qemu-system"), words.contains(home) { found.append("process \(name): \(words)") }
        }
        return found
    }
}
