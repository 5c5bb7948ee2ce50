import DockerfileLanguage
import Foundation
import ReplayTestSupport
import Testing

/// The parser against BuildKit 0.12.5's, and the expander against a port of BuildKit's: programs that others wrote.
@Suite(.enabled(if: Oracle.obstacle == nil, "\(Oracle.obstacle ?? "")")) struct OracleTests {
    /// The Dockerfiles of the samples, of the planner's cases and of the vectors.
    private static func samples() throws -> [String] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folders = [tests.deletingLastPathComponent().appending(path: "samples"), tests]
        var texts: [String] = []
        for folder in folders {
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            for case let file as URL in files ?? FileManager.DirectoryEnumerator()
            where file.lastPathComponent == "Dockerfile" {
                texts.append(String(decoding: try Data(contentsOf: file), as: UTF8.self))
            }
        }
        #expect(texts.count > 60)
        for name in ["parse_handmade", "parse_fuzz", "errors_handmade", "semantics_handmade"] {
            texts += try VectorFile(name, in: VectorFile.ownDirectory).rows.compactMap { $0.input["text"]?.string }
        }
        return texts
    }

    @Test func samplesAreReadAsBuildKitReadsThem() async throws {
        try await compare(try Self.samples(), name: "samples")
    }

    @Test func generatedDockerfilesAreReadAsBuildKitReadsThem() async throws {
        var generator = DockerfileGenerator(seed: 5)
        try await compare((0..<2000).map { _ in generator.dockerfile() }, name: "generated Dockerfiles")
    }

    private func compare(_ texts: [String], name: String) async throws {
        let answers = try await Oracle.answers(of: "oracle.py", to: texts.map { ["parse": .string($0)] })
        var trees = 0
        var rejected = 0
        var masked: [String: Int] = [:]
        var differences: [String] = []
        for (text, answer) in zip(texts, answers) {
            let tree = try JSONDecoder().decode(
                [String: JSONValue].self, from: Data(ParseTree.json(Array(text.utf8)).utf8))
            let ours = OracleTree(ours: tree)
            let theirs = OracleTree(theirs: answer)
            if ours == theirs {
                if theirs.nodes == nil { rejected += 1 } else { trees += 1 }
            } else if let mask = OracleTree.mask(for: text, ours: ours, theirs: theirs) {
                masked[mask, default: 0] += 1
            } else {
                differences.append("\(text.debugDescription)\n  ours:   \(ours)\n  theirs: \(theirs)")
            }
        }
        print("\(name): \(texts.count), \(trees) equal trees, \(rejected) rejected by both, masked: \(masked)")
        #expect(differences.isEmpty, "\(differences.count):\n\(differences.prefix(5).joined(separator: "\n"))")
        #expect(trees > texts.count / 3)
    }

    @Test func wordsAreExpandedAsBuildKitExpandsThem() async throws {
        var generator = DockerfileGenerator(seed: 6)
        let environment = ["A": "abcab", "B": "b", "EMPTY": "", "PATH_1": "/a/b:c"]
        let questions = (0..<2000).map { index in (word: generator.word(), escape: index % 5 == 0 ? "`" : "\\") }
        let answers = try await Oracle.answers(
            of: "oracle.py",
            to: questions.map {
                [
                    "word": .string($0.word), "escape": .string($0.escape),
                    "environment": .object(environment.mapValues(JSONValue.string)),
                ]
            })
        var values = 0
        var differences: [String] = []
        for (question, answer) in zip(questions, answers) {
            let expander = WordExpander(escapeToken: question.escape == "`" ? .backtick : .backslash)
            let ours = try? expander.expand(question.word) { environment[$0] }.text
            if ours != nil { values += 1 }
            if ours != answer["text"]?.string {
                differences.append(
                    "\(question.word.debugDescription) (\(question.escape)): \(ours ?? "error"), not \(answer)")
            }
        }
        print("words: \(questions.count), \(values) values, \(questions.count - values) errors")
        #expect(differences.isEmpty, "\(differences.count):\n\(differences.prefix(20).joined(separator: "\n"))")
        #expect(values > questions.count / 3)
    }
}

/// What the two parsers have in common: nodes, or nil for a file that is rejected.
struct OracleTree: Equatable, CustomStringConvertible {
    struct Node: Equatable {
        var command: String
        var trigger: String
        var arguments: [String]
        var flags: [String]
        var isJSON: Bool
        var lines: [Int]
        var heredocs: [String]

        /// `["a"] x`, which 0.12.5 took for the array alone.
        var hasTextAfterArray: Bool {
            !isJSON && arguments.joined(separator: " ").contains(/(?i)^(cmd )?\s*\[[^\]]*\].*\S/)
        }
    }

    var nodes: [Node]?

    var description: String { nodes.map { $0.map { "\($0)" }.joined(separator: "; ") } ?? "rejected" }

    init(theirs answer: [String: JSONValue]) {
        nodes = answer["nodes"]?.array?.compactMap(\.object).map { node in
            let heredocs = node["heredocs"]?.array?.compactMap(\.array) ?? []
            return Node(
                command: (node["cmd"]?.string ?? "").lowercased(), trigger: (node["sub"]?.string ?? "").lowercased(),
                arguments: node["args"]?.strings ?? [], flags: node["flags"]?.strings ?? [],
                isJSON: node["json"]?.bool ?? false, lines: [node["start"]?.int ?? 0, node["end"]?.int ?? 0],
                heredocs: heredocs.map { "\($0[0].string ?? "") \($0[1].int ?? 0) \($0[2].string ?? "")" })
        }
    }

    init(ours tree: [String: JSONValue]) {
        nodes = tree["nodes"]?.array?.compactMap(\.object).map { node in
            let trigger = node["args"]?.array?.first?.object
            let own = trigger ?? node
            let name = own["cmd"]?.string?.lowercased() ?? ""
            // A trigger of a trigger, which is an error later, has no text there.
            var arguments = own["args"]?.array?.map { $0.string ?? "" } ?? []
            // Name, value and the character between them.
            if ["env", "label"].contains(name) {
                arguments = arguments.enumerated().filter { $0.offset % 3 != 2 }.map(\.element)
            }
            let heredocs = node["heredocs"]?.array?.compactMap(\.object) ?? []
            return Node(
                command: (node["cmd"]?.string ?? "").lowercased(), trigger: trigger == nil ? "" : name,
                arguments: arguments, flags: node["flags"]?.strings ?? [], isJSON: own["json"]?.bool ?? false,
                lines: [node["start"]?.int ?? 0, node["end"]?.int ?? 0],
                heredocs: heredocs.map {
                    "\($0["name"]?.string ?? "") \($0["fd"]?.int ?? 0) \($0["content"]?.string ?? "")"
                })
        }
    }

    /// The three ways in which the parser of 0.12.5 is not today's; nil when a difference is none of them.
    static func mask(for text: String, ours: OracleTree, theirs: OracleTree) -> String? {
        if text.contains(/<<-?[ \t]/) { return "a blank after <<" }
        if text.contains(/(?i)onbuild[ \t]+(run|copy|add)[^\n]*<</) { return "a heredoc of ONBUILD" }
        guard let ours = ours.nodes else { return nil }
        guard let theirs = theirs.nodes else {
            return ours.contains(where: \.hasTextAfterArray) ? "text after a JSON array" : nil
        }
        // Where the one sees an array the other may see a heredoc: then all that follows differs.
        let pairs = Array(zip(ours, theirs))
        let isTail =
            ours.count == theirs.count
            ? pairs.allSatisfy { $0 == $1 || $0.hasTextAfterArray }
            : pairs.first { $0 != $1 }?.0.hasTextAfterArray ?? false
        return isTail ? "text after a JSON array" : nil
    }
}
