import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// The homes (`REPLAY_HOME`) of the suites, one each, with one base image in all their caches.
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

    private var base: Task<String, any Error>?
    private var vCenterImageTask: Task<String, any Error>?
    private var homes: [String: Task<String, any Error>] = [:]

    /// The home of a suite, with the base in it. Suites run beside each other, so each has its own.
    func home(of suite: String) async throws -> String {
        if let home = homes[suite] { return try await home.value }
        let base = self.base ?? Task { try await Self.prepareBase() }
        self.base = base
        let home = Task { try await Self.makeHome(suite, base: try await base.value) }
        homes[suite] = home
        return try await home.value
    }

    /// Makes the base image, as whoever runs the tests. Kept between runs on purpose: it takes a minute.
    private static func prepareBase() async throws -> String {
        let home = "\(directory)/base"
        // The package may be where the unprivileged user cannot look.
        let script = """
            mkdir -p "$1/base" && chmod 755 "$1" && rm -rf "$1/package" && mkdir "$1/package" &&
            cp "$2" "$1/package/replay" && cp -r "$3/basemaps" "$3/samples" "$1/package" && chmod -R a+rX "$1/package"
            """
        let copied = try await CommandRun.run(
            ["sh", "-c", script, "sh", directory, PackagePlaces.replay, PackagePlaces.root])
        try #require(copied.status == 0, "\(copied.errors)")
        let result = try await CommandRun.run(
            [replay, "basemap", "prepare", "debian:12", "--progress", "plain"],
            environment: ["REPLAY_HOME": home, "REPLAY_BASEMAPS": basemaps])
        try #require(result.status == 0, "the base image could not be made:\n\(result.errors)")
        return home
    }

    /// The base image as the tests' vCenter has it for its guests: with VMware's datasource. Made anew when the base, or what
    /// goes into it, has changed.
    func vCenterImage() async throws -> String {
        if let image = vCenterImageTask { return try await image.value }
        let base = self.base ?? Task { try await Self.prepareBase() }
        self.base = base
        let image = Task { try await Self.makeVCenterImage(base: try await base.value) }
        vCenterImageTask = image
        return try await image.value
    }

    private static func makeVCenterImage(base: String) async throws -> String {
        let script = """
            set -eu
            base=$(ls -t "$1"/cache/bases/*/*.qcow2 | head -1)
            image=$2/vcenter-guest.qcow2
            for part in "$base" "$3/scripts/make-vcenter-image" "$3/Tests/Support/vmware-rpctool"; do
                [ "$image" -nt "$part" ] || { rm -f "$image"; break; }
            done
            [ -e "$image" ] || "$3/scripts/make-vcenter-image" "$base" "$image"
            echo "$image"
            """
        let result = try await CommandRun.run(["sh", "-c", script, "sh", base, directory, PackagePlaces.root])
        try #require(result.status == 0, "\(result.errors)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A fresh home whose cache has the base's files by hard links, all of it the unprivileged user's.
    private static func makeHome(_ suite: String, base: String) async throws -> String {
        let home = "\(directory)/homes/\(suite)"
        let script = """
            rm -rf "$1" && mkdir -p "$1/run" "$1/tmp" && cp -al "$2/cache" "$1/cache" && chmod 755 "$3" "$3/homes"
            [ -z "$4" ] || chown -R "$4:$4" "$1"
            """
        let result = try await CommandRun.run(
            ["sh", "-c", script, "sh", home, base, directory, uid.map(String.init) ?? ""])
        try #require(result.status == 0, "\(result.errors)")
        return home
    }

    /// The samples, where the unprivileged user can read them.
    static let samples = package + "/samples"
    private static let replay = package + "/replay"
    private static let basemaps = package + "/basemaps"
    private static let package = directory + "/package"
    private static let directory = NSTemporaryDirectory().trimmingSuffix("/") + "/replay-end-to-end"

    /// Runs `replay` as the unprivileged user.
    /// - Parameter through: A program and its arguments that gets the command as further arguments.
    static func start(
        _ arguments: [String], home: String, environment: [String: String] = [:], directory: String? = nil,
        through: [String] = []
    ) throws -> CommandRun {
        var variables = [
            "REPLAY_HOME": home, "HOME": home, "XDG_RUNTIME_DIR": home + "/run", "TMPDIR": home + "/tmp",
            "REPLAY_BASEMAPS": basemaps,
        ]
        variables.merge(environment) { $1 }
        return try CommandRun(
            through + [replay] + arguments, environment: variables, directory: directory, uid: uid)
    }

    /// Runs `replay` as the unprivileged user, to its end.
    static func run(
        _ arguments: [String], home: String, environment: [String: String] = [:], directory: String? = nil,
        through: [String] = []
    ) async throws -> CommandRun.Result {
        try await start(
            arguments, home: home, environment: environment, directory: directory, through: through
        ).result()
    }

    /// What the tests' user has running and lying about for machines: must be empty when no `replay` runs.
    static func leftovers(home: String) throws -> [String] {
        var found: [String] = []
        let builds = home + "/builds"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: builds)) ?? [] where !name.contains(".") {
            found.append("\(builds)/\(name)")
        }
        let runtime = "\(home)/run"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: runtime + "/replay")) ?? [] {
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

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
