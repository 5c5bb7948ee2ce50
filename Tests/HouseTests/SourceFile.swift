import Foundation
import SystemPackage

/// A source file, as far as the rules look at it.
struct SourceFile: Sendable {
    /// Its module.
    var module: String
    /// Its path, for people.
    var path: String
    /// All of it.
    var text: String
    /// Without comments and the contents of string literals.
    var code: String
    /// How many lines it has.
    var lines: Int
    /// The modules that it imports.
    var imports: [String]

    init(module: String, path: String, text: String) {
        self.module = module
        self.path = path
        self.text = text
        code = SourceCode.withoutWords(text)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
        imports = code.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                words[..<place].allSatisfy({
                    ["public", "internal", "package", "private", "fileprivate"].contains($0) || $0.hasPrefix("@")
                })
            else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias", "actor"]
            let name = words[(place + 1)...].first { !kinds.contains(String($0)) } ?? ""
            return String(name.prefix { $0 != "." })
        }
    }

    /// The Swift files of a package's modules.
    static func all(of package: PackageDump, in root: FilePath) throws -> [SourceFile] {
        try package.targets.filter { !$0.isTest }.flatMap { target in
            let folder = target.path ?? "Sources/\(target.name)"
            let names = FileManager.default.enumerator(atPath: root.appending(folder).string)?.compactMap {
                $0 as? String
            }
            return try (names ?? []).filter { $0.hasSuffix(".swift") }.sorted().map { name in
                let path = "\(folder)/\(name)"
                let text = try String(contentsOfFile: root.appending(path).string, encoding: .utf8)
                return SourceFile(module: target.name, path: path, text: text)
            }
        }
    }
}
