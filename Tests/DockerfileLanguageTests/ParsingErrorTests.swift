import DockerfileLanguage
import ReplayTestSupport
import Testing

/// Bad Dockerfiles: the rows that parsing and the checks of single instructions decide fail here, on the same lines;
/// the rows that planning decides, and the good ones, are parsed without an error.
@Suite struct ParsingErrorTests {
    /// How the answers begin that BuildKit gives before it plans. The rest of its errors are planning's.
    static let parsingErrors = [
        "dockerfile parse error on line", "unterminated heredoc", "Syntax error - can't find =",
        "ENV must have two arguments", "LABEL must have two arguments", "when using JSON array syntax",
        "only one ", "invalid escape token", "file with no instructions", "the Dockerfile cannot be empty",
        "no build stage in current context", "dockerfile contains no stages to build", "dockerfile line greater than",
    ]

    static func isDecidedByParsing(_ error: String) -> Bool {
        parsingErrors.contains { error.hasPrefix($0) }
    }

    @Test func failsOnTheSameLines() throws {
        let rows = try VectorFile("errors_handmade", in: VectorFile.ownDirectory).rows
        let failures = rows.compactMap { row -> String? in
            let text = row.input["text"]?.string ?? ""
            let expected = row.output["error"]?.string.flatMap { Self.isDecidedByParsing($0) ? $0 : nil }
            do throws(DockerfileError) {
                _ = try DockerfileParser.parse(text)
                return expected.map { "\(text.debugDescription): no error, but \($0)" }
            } catch {
                guard let expected else { return "\(text.debugDescription): \(error)" }
                let lines = row.output["locations"]?.array ?? []
                let isDirective = expected.hasPrefix("only one ") || expected.hasPrefix("invalid escape token")
                let wanted = lines.compactMap { $0.array?.compactMap(\.int) }
                    .map { isDirective ? $0.map { $0 + 1 } : $0 }.filter { $0 != [0, 0] }
                let got = error.ranges.map { [$0.first, $0.last] }
                return got == wanted ? nil : "\(text.debugDescription): \(expected): at \(got), not \(wanted)"
            }
        }
        #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
    }
}
