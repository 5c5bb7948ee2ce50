import DockerfileLanguage
import Foundation
import ReplayTestSupport
import Subprocess
import SystemPackage

/// One case of `copy_fs_results.json`: a Dockerfile, and the tree that BuildKit made of it.
struct CopyVector: Decodable, Sendable {
    var name: String
    var dockerfile: String
    var dockerignore: String?
    var note: String?
    var skip: String?
    var answer: Answer

    enum Answer: Sendable {
        case tree([String: String])
        case error
    }

    private enum CodingKeys: String, CodingKey {
        case name, dockerfile, dockerignore, note, skip
        case answer = "buildkit_73ed6825c"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        dockerfile = try container.decode(String.self, forKey: .dockerfile)
        dockerignore = try container.decodeIfPresent(String.self, forKey: .dockerignore)
        note = try container.decodeIfPresent(String.self, forKey: .note)
        skip = try container.decodeIfPresent(String.self, forKey: .skip)
        // An error is an object whose value is a list.
        answer = (try? container.decode([String: String].self, forKey: .answer)).map(Answer.tree) ?? .error
    }

    /// The cases that count; none when the directory does not have the files.
    static func all() throws -> [CopyVector] {
        let file = VectorFile.directory.appending(path: "copy_fs_results.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return try JSONDecoder().decode([CopyVector].self, from: Data(contentsOf: file))
            .filter { $0.note == nil && $0.skip == nil }
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

    static func write(to scratch: ScratchDirectory, below folder: String) async throws {
        let data = try Data(contentsOf: VectorFile.directory.appending(path: "copy_fs_context.json"))
        let entries = try JSONDecoder().decode(VectorContext.self, from: data).entries
        let files = FileManager.default
        for entry in entries {
            let path = scratch("\(folder)/\(entry.path)").string
            if entry.dir == true {
                try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            } else if let link = entry.link {
                try files.createSymbolicLink(atPath: path, withDestinationPath: link)
            } else if let original = entry.hardlink {
                try files.linkItem(atPath: scratch("\(folder)/\(original)").string, toPath: path)
            } else {
                let content = entry.base64.flatMap { Data(base64Encoded: $0) } ?? Data((entry.text ?? "").utf8)
                try scratch.write(content, to: "\(folder)/\(entry.path)")
            }
        }
        let modes = entries.filter { $0.link == nil }.map { "chmod \($0.mode.dropFirst(2)) '\($0.path)'" }
        try await shell(
            "cd '\(scratch(folder))'; \(modes.joined(separator: "; ")); find . -exec touch -h -d @1500000000 {} +")
    }
}

/// Runs a line of sh and answers its output.
@discardableResult
func shell(_ line: String, _ words: [String] = []) async throws -> String {
    struct Failed: Error, CustomStringConvertible { var description: String }
    let result = try await Subprocess.run(
        .path("/bin/sh"), arguments: Arguments(["-c", line, "sh"] + words), output: .string(limit: 1 << 22),
        error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else { throw Failed(description: "\(line): \(result.standardError)") }
    return result.standardOutput
}
