import Foundation

/// A tree of files in the words of the vectors: `type mode uid:gid content`, and `@ctx` or `@tar` when a time is the
/// context's or the archive's. Times of directories, which differ from builder to builder, are left out.
struct VectorTree {
    /// By absolute path.
    var entries: [String: String]

    /// Reads a directory.
    init(at root: String) async throws {
        let listing = try await shell(
            "cd '\(root)' && find . -mindepth 1 -printf '%P\\t%y\\t%m\\t%U:%G\\t%l\\t%T@\\t%i\\n' | LC_ALL=C sort")
        var inodes: [String: String] = [:]
        entries = [:]
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
                    // Each byte is a character, and the first twenty are shown.
                    text += String(String.UnicodeScalarView(data.prefix(20).map { Unicode.Scalar($0) }))
                }
                inodes[fields[6]] = inodes[fields[6]] ?? fields[0]
            }
            if kind != "d" {
                text += fields[5].hasPrefix("1500000000") ? " @ctx" : fields[5].hasPrefix("1000000000") ? " @tar" : ""
            }
            entries[path] = Self.timeless("\(kind) \(mode) \(fields[3])\(text)")
        }
    }

    /// BuildKit's answer.
    init(answer: [String: String]) {
        entries = answer.mapValues {
            $0.hasPrefix("d ")
                ? $0.split(separator: " @", maxSplits: 1).first.map(String.init) ?? $0 : Self.timeless($0)
        }
    }

    /// What is different; nil when nothing is.
    func difference(from expected: VectorTree) -> String? {
        let wrong = Set(entries.keys).union(expected.entries.keys)
            .filter { entries[$0] != expected.entries[$0] }.sorted()
        if wrong.isEmpty { return nil }
        return wrong.map { "\($0) is \(entries[$0] ?? "missing"), not \(expected.entries[$0] ?? "there")" }
            .joined(separator: "; ")
    }

    /// A gzip file holds the time when it was made: those of the answers are not those of the context.
    private static func timeless(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        guard let start = scalars.firstIndex(of: "\u{1F}"), scalars.count > start + 8, scalars[start + 1] == "\u{8B}"
        else { return text }
        scalars.removeSubrange(start + 4..<start + 8)
        return String(String.UnicodeScalarView(scalars))
    }
}
