import DockerfileLanguage
import ReplayTestSupport
import Testing

/// What BuildKit's lexer makes of a word.
@Suite struct WordVectors {
    @Test func expandsAsBuildKit() throws {
        let failures = try VectorFile("words_fuzz").failures(Self.difference)
        #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
    }

    static func difference(_ row: VectorFile.Row) -> String? {
        let word = row.input["word"]?.string ?? ""
        var expander = WordExpander(
            escapeToken: row.input["escape"]?.string.flatMap(EscapeToken.init(rawValue:)) ?? .backslash)
        expander.keepsQuotes = row.input["raw_quotes"]?.bool ?? false
        expander.keepsEscapes = row.input["raw_escapes"]?.bool ?? false
        expander.ignoresQuotes = row.input["skip_quotes"]?.bool ?? false
        expander.keepsUnset = row.input["skip_unset"]?.bool ?? false
        var environment: [String: String] = [:]
        for pair in row.input["env"]?.strings ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
        let lookup = { (name: String) in environment[name] }
        let expected = row.output
        do {
            if row.input["op"]?.string == "words" {
                let words = try expander.words(word, lookup: lookup)
                if expected["error"] != nil { return "\(word): no error" }
                return words == expected["words"]?.strings ?? [] ? nil : "\(word): \(words), not \(expected)"
            }
            let result = try expander.expand(word, lookup: lookup)
            if expected["error"] != nil { return "\(word): \(result.text), not \(expected)" }
            let isEqual =
                result.text == expected["result"]?.string && result.matched.sorted() == expected["matched"]?.strings
                && result.unmatched.sorted() == expected["unmatched"]?.strings
            return isEqual ? nil : "\(word): \(result), not \(expected)"
        } catch {
            return expected["error"] == nil ? "\(word): \(error), not \(expected)" : nil
        }
    }
}
