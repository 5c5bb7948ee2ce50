import Archives
import Basemaps
import BuildContexts
import DockerfileLanguage
import Foundation
import ReplayPlan
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

/// COPY, ADD, WORKDIR and `.dockerignore` on a real context, from the Dockerfile to the tree that a machine would have,
/// compared with the tree that BuildKit made.
///
/// The files are put into a tree in memory; `CopyVectors` does it with the scripts that run on a machine.
@Suite struct CopyTreeTests {
    struct Context: Decodable {
        struct Entry: Decodable {
            var path: String
            var mode: String
            var text: String?
            var base64: String?
            var dir: Bool?
            var link: String?
            var hardlink: String?
        }
        var mtime_of_everything: Int64
        var entries: [Entry]
    }

    struct Case: Decodable {
        enum Expected: Decodable {
            case tree([String: String])
            case failure

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let tree = try? container.decode([String: String].self) {
                    self = .tree(tree)
                } else {
                    self = .failure
                }
            }
        }
        var name: String
        var dockerfile: String
        var dockerignore: String?
        var buildkit_73ed6825c: Expected
    }

    static let vectors = VectorFile.ownDirectory
    static let moment: Int64 = 1_500_000_000_000_000_000
    static let archiveMoment: Int64 = 1_000_000_000_000_000_000

    @Test func theTreeIsBuildKits() async throws {
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: Self.vectors.appending(path: "copy_fs_results.json")))
        let context = try JSONDecoder().decode(
            Context.self, from: Data(contentsOf: Self.vectors.appending(path: "copy_fs_context.json")))
        var failures: [String] = []
        // One machine has no second stage.
        for sample in cases where !sample.dockerfile.contains("--from=") {
            try await ScratchDirectory.with { scratch in
                try Self.write(context, ignore: sample.dockerignore, to: scratch)
                if let problem = await Self.difference(sample, context: scratch("ctx")) {
                    failures.append("\(sample.name): \(sample.dockerfile.debugDescription): \(problem)")
                }
            }
        }
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    private static func write(_ context: Context, ignore: String?, to scratch: ScratchDirectory) throws {
        for entry in context.entries {
            let place = scratch("ctx/\(entry.path)").string
            if entry.dir == true {
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            } else if let target = entry.link {
                try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
            } else if let target = entry.hardlink {
                try FileManager.default.linkItem(atPath: scratch("ctx/\(target)").string, toPath: place)
            } else {
                try scratch.write(
                    entry.base64.flatMap { Data(base64Encoded: $0) } ?? Data((entry.text ?? "").utf8),
                    to: "ctx/\(entry.path)")
            }
        }
        for entry in context.entries.reversed() {
            let place = scratch("ctx/\(entry.path)")
            if entry.link == nil, let mode = UInt16(entry.mode.dropFirst(2), radix: 8) {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place.string)
            }
            try FileStatus.setModified(moment, of: place)
        }
        if let ignore { try scratch.write(ignore, to: "ignore/Dockerfile.dockerignore") }
    }

    private static func difference(_ sample: Case, context root: FilePath) async -> String? {
        let answer: [String: String]
        do {
            answer = try await tree(sample, context: root)
        } catch {
            if case .failure = sample.buildkit_73ed6825c { return nil }
            return "\(error)"
        }
        guard case .tree(let tree) = sample.buildkit_73ed6825c else { return "no error" }
        // Times of directories differ between builders.
        let expected = tree.mapValues {
            $0.hasPrefix("d ") ? $0.split(separator: " @", maxSplits: 1).first.map(String.init) ?? $0 : timeless($0)
        }
        guard answer != expected else { return nil }
        let wrong = Set(answer.keys).union(expected.keys).filter { answer[$0] != expected[$0] }.sorted()
        return wrong.map { "\($0) is \(answer[$0] ?? "missing"), not \(expected[$0] ?? "there")" }.joined(
            separator: "; ")
    }

    /// A gzip file holds the time when it was made: those of the answers are not those of the context.
    private static func timeless(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        guard let start = scalars.firstIndex(of: "\u{1F}"), scalars.count > start + 8, scalars[start + 1] == "\u{8B}"
        else { return text }
        scalars.removeSubrange(start + 4..<start + 8)
        return String(String.UnicodeScalarView(scalars))
    }

    private static func tree(_ sample: Case, context root: FilePath) async throws -> [String: String] {
        let context = try DirectoryContext(
            root: root, dockerfile: root.removingLastComponent().appending("ignore/Dockerfile"))
        let text = sample.dockerfile.replacing("FROM scratch", with: "FROM debian")
        let planner = try Planner(
            try DockerfileParser.parse(text),
            options: PlanOptions(platform: Platform(architecture: "amd64"), buildkitCompat: true))
        let base = ResolvedBase(
            reference: "debian", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
            environment: [], sources: [])
        var manifest = try context.scan()
        let needs = try planner.contextNeeds(base: base, manifest: manifest)
        manifest = try await context.complete(manifest, for: needs)
        // What ADD found to be an archive is known now, and nothing more is asked for.
        #expect(try planner.contextNeeds(base: base, manifest: manifest).isEmpty)
        var tree = VirtualTree()
        for step in try planner.plan(base: base, manifest: manifest).steps {
            switch step.action {
            case .run: throw VirtualTree.Failure(message: "RUN is not in these cases")
            case .makeDirectory(let directory):
                let owner = directory.user.isEmpty ? "0:0" : "\(directory.user):\(directory.user)"
                try tree.makeDirectory(directory.path, owner: owner)
            case .copy(let action):
                try tree.copy(action, try members(of: context.archive(of: action, manifest: manifest), near: root))
            }
        }
        return tree.nodes.mapValues(describe)
    }

    private static func members(of archive: CopyArchive, near root: FilePath) throws -> [VirtualTree.Member] {
        var bytes: [UInt8] = []
        while case let piece = try archive.read(upTo: 1 << 16), !piece.isEmpty { bytes += piece }
        let file = root.removingLastComponent().appending("copy.tar")
        try Data(bytes).write(to: URL(filePath: file.string))
        let reader = try TarReader(file: file)
        var members: [VirtualTree.Member] = []
        while let entry = try reader.next() {
            var content: [UInt8] = []
            while case let piece = try reader.read(upTo: 1 << 16), !piece.isEmpty { content += piece }
            members.append((entry, content))
        }
        return members
    }

    /// A node as the vectors write it: `type mode uid:gid content`, and whether its time is the context's or the
    /// archive's.
    private static func describe(_ node: VirtualTree.Node) -> String {
        let mode = String(node.mode, radix: 8)
        let head = String(repeating: "0", count: max(0, 4 - mode.count)) + mode + " " + node.owner
        let time = node.modified == moment ? " @ctx" : node.modified == archiveMoment ? " @tar" : ""
        switch node.kind {
        case .directory: return "d \(head)"
        case .link(let target): return "l \(head) -> \(target)\(time)"
        case .hardLink(let target): return "h \(head) -> \(target.dropFirst())\(time)"
        case .file(let content):
            // Each byte is a character.
            let text = String(String.UnicodeScalarView(content.prefix(20).map { Unicode.Scalar($0) }))
            return timeless("f \(head) \(text)\(time)")
        }
    }
}
