import Basemaps
import Crypto
import DockerfileLanguage
import Foundation
import ReplayPlan

/// A build context written down: path to content or metadata.
struct ContextDescription: Codable {
    struct Entry: Codable {
        var file: String?
        var directory: Bool?
        var link: String?
        var special: Bool?
        var unnameable: Bool?
        var mode: String?
        var archive: Bool?
    }

    var entries: [String: Entry]
    var ignore: [String]?
    /// What ADD takes from the network, by identifier.
    var fetched: [String: [String: Entry]]?

    /// The manifest, as the context module would complete it; directories above the entries are added.
    var manifest: ContextManifest {
        var manifest = Self.manifest(of: entries)
        manifest.ignoreFile = ignore.map { ContextManifest.IgnoreFile(name: ".dockerignore", patterns: $0) }
        manifest.fetched = (fetched ?? [:]).mapValues { Self.manifest(of: $0) }
        return manifest
    }

    private static func manifest(of entries: [String: Entry]) -> ContextManifest {
        var all: [String: ContextEntry] = [:]
        for (path, entry) in entries {
            all[path] = Self.entry(entry)
            var parent = path
            while let slash = parent.lastIndex(of: "/") {
                parent = String(parent[..<slash])
                if entries[parent] == nil {
                    all[parent] = ContextEntry(kind: .directory, mode: 0o755, modified: 0)
                }
            }
        }
        return ContextManifest(entries: all)
    }

    private static func entry(_ entry: Entry) -> ContextEntry {
        let mode = entry.mode.flatMap { UInt16($0, radix: 8) }
        if let target = entry.link {
            return ContextEntry(kind: .symbolicLink(target: target), mode: 0o777, modified: 0)
        }
        if entry.directory == true { return ContextEntry(kind: .directory, mode: mode ?? 0o755, modified: 0) }
        if entry.special == true { return ContextEntry(kind: .special, mode: mode ?? 0o644, modified: 0) }
        if entry.unnameable == true { return ContextEntry(kind: .unnameable, mode: 0o644, modified: 0) }
        let content = Data((entry.file ?? "").utf8)
        let digest = SHA256.hash(data: content).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return ContextEntry(
            kind: .file(size: Int64(content.count)), mode: mode ?? 0o644, modified: 0, digest: "sha256:" + digest,
            isArchive: entry.archive ?? false)
    }
}

/// A base as a basemap would resolve it.
func base(_ reference: String, architecture: String = "amd64") -> ResolvedBase {
    ResolvedBase(
        reference: reference, row: "debian:12", distribution: "debian", release: "12", architecture: architecture,
        environment: [EnvironmentVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")],
        sources: [.recipe(RecipeSource(tool: "mmdebstrap", suite: "bookworm", packages: []))])
}

let amd64 = Platform(architecture: "amd64")

/// Parses and plans, as the command does.
func plan(
    _ text: String, options: PlanOptions = PlanOptions(platform: amd64), manifest: ContextManifest = ContextManifest()
) throws -> Plan {
    let planner = try Planner(try DockerfileParser.parse(text), options: options)
    let resolved = base(planner.baseReference.reference, architecture: options.platform.architecture)
    return try planner.plan(base: resolved, manifest: manifest)
}

/// The steps' commands, copies and directories in short, for tests about their order.
func outline(_ plan: Plan) -> [String] {
    plan.steps.map { step in
        switch step.action {
        case .run(let run): "run " + run.arguments.joined(separator: "|")
        case .copy(let copy): "copy \(copy.sources.count) to \(copy.destination)"
        case .makeDirectory(let directory): "mkdir \(directory.path)"
        }
    }
}
