import DockerfileLanguage
import Foundation
import ReplayTestSupport
import Testing

/// What BuildKit's parser makes of a file: nodes, flags, heredocs, comments, line ranges and warnings.
@Suite struct ParseVectors {
    @Test(arguments: ["parse_handmade", "parse_fuzz"])
    func parsesAsBuildKit(_ file: String) throws {
        let failures = try VectorFile(file).failures { row in
            let text = row.input["text"]?.string ?? ""
            do {
                let json = ParseTree.json(Array(text.utf8))
                let answer = try JSONDecoder().decode([String: JSONValue].self, from: Data(json.utf8))
                return Self.difference(answer, row.output)
            } catch {
                return "\(error)"
            }
        }
        #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
    }

    /// Error texts are ours. The lines of directive errors are zero-based upstream (the line before); an error about
    /// no line at all is [0, 0] there.
    static func difference(_ answer: [String: JSONValue], _ expected: [String: JSONValue]) -> String? {
        guard let error = expected["error"]?.string else {
            return answer == expected ? nil : "\(answer) is not \(expected)"
        }
        guard answer["error"] != nil else { return "no error, but \(error)" }
        var lines = expected["locations"]?.array?.map { $0.array?.compactMap(\.int) ?? [] } ?? []
        if error.contains("parser directive") || error.contains("escape token") {
            lines = lines.map { $0.map { $0 + 1 } }
        } else {
            lines.removeAll { $0 == [0, 0] }
        }
        let answered = answer["locations"]?.array?.map { $0.array?.compactMap(\.int) ?? [] } ?? []
        return answered == lines ? nil : "\(error): at \(answered), not \(lines)"
    }
}
