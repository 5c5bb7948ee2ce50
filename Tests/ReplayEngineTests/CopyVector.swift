import BuildContexts
import DockerfileLanguage
import Foundation
import ReplayEngine
import ReplayPlan
import ReplayTestSupport
import Subprocess
import SystemPackage

/// One case of `Vectors/copy_fs_results.json`: a Dockerfile, and the tree that BuildKit made of it.
struct CopyVector: Decodable, Sendable {
    var name: String
    var dockerfile: String
    var dockerignore: String?
    var answer: Answer

    enum Answer: Sendable {
        case tree([String: String])
        case error
    }

    private enum CodingKeys: String, CodingKey {
        case name, dockerfile, dockerignore
        case answer = "buildkit_73ed6825c"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        dockerfile = try container.decode(String.self, forKey: .dockerfile)
        dockerignore = try container.decodeIfPresent(String.self, forKey: .dockerignore)
        answer = (try? container.decode([String: String].self, forKey: .answer)).map(Answer.tree) ?? .error
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

    static func all() throws -> [CopyVector] {
        let data = try Data(contentsOf: folder.appending(path: "copy_fs_results.json"))
        return try JSONDecoder().decode([CopyVector].self, from: data)
    }
}

/// The context of the vectors, written to a directory.
struct VectorContext: Decodable {
    struct Entry: Decodable {
        var path: String
        var mode: String
        var text: String?
        var base64: String?
        var link: String?
        var hardlink: String?
        var dir: Bool?
    }

    var entries: [Entry]

    static func write(to scratch: ScratchDirectory) async throws {
        let data = try Data(contentsOf: CopyVector.folder.appending(path: "copy_fs_context.json"))
        let entries = try JSONDecoder().decode(VectorContext.self, from: data).entries
        let files = FileManager.default
        for entry in entries {
            let path = scratch(entry.path).string
            if entry.dir == true {
                try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            } else if let link = entry.link {
                try files.createSymbolicLink(atPath: path, withDestinationPath: link)
            } else if let original = entry.hardlink {
                try files.linkItem(atPath: scratch(original).string, toPath: path)
            } else {
                let content = entry.base64.flatMap { Data(base64Encoded: $0) } ?? Data((entry.text ?? "").utf8)
                try content.write(to: URL(filePath: path))
            }
        }
        let modes = entries.filter { $0.link == nil }.map { "chmod \($0.mode.dropFirst(2)) '\($0.path)'" }
        try await shell(
            "cd '\(scratch.path)'; \(modes.joined(separator: "; ")); find . -exec touch -h -d @1500000000 {} +")
    }
}

/// Runs a line of sh and answers its output.
@discardableResult
func shell(_ line: String) async throws -> String {
    struct Failed: Error, CustomStringConvertible { var description: String }
    let result = try await Subprocess.run(
        .path("/bin/sh"), arguments: ["-c", line], output: .string(limit: 1 << 22), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else { throw Failed(description: "\(line): \(result.standardError)") }
    return result.standardOutput
}

/// The tree below a directory in the words of the vectors, directory times left out.
func tree(at root: String) async throws -> [String: String] {
    let listing = try await shell(
        "cd '\(root)' && find . -mindepth 1 -printf '%P\\t%y\\t%m\\t%U:%G\\t%l\\t%T@\\t%i\\n' | LC_ALL=C sort")
    var inodes: [String: String] = [:]
    var result: [String: String] = [:]
    for line in listing.split(separator: "\n") {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        let path = "/" + fields[0]
        let mode = String(repeating: "0", count: max(0, 4 - fields[2].count)) + fields[2]
        var kind = fields[1]
        var text = " "
        switch kind {
        case "d": text = ""
        case "l": text += "-> \(fields[4])"
        default:
            if let first = inodes[fields[6]] {
                kind = "h"
                text += "-> \(first)"
            } else {
                let data = FileManager.default.contents(atPath: root + path) ?? Data()
                text += String(decoding: data, as: UTF8.self)
            }
            inodes[fields[6]] = inodes[fields[6]] ?? fields[0]
        }
        if kind != "d", fields[5].hasPrefix("1500000000") { text += " @ctx" }
        result[path] = "\(kind) \(mode) \(fields[3])\(text)"
    }
    return result
}
