import DockerfileLanguage
import ReplayTestSupport
import Testing

/// What moby's matcher ignores.
@Suite struct IgnoreVectors {
    @Test func ignoresAsMoby() throws {
        let failures = try VectorFile("dockerignore_fuzz").failures { row in
            let text = row.input["dockerignore"]?.string ?? ""
            do {
                let patterns = try IgnorePatterns(parsing: Array(text.utf8))
                if let error = row.output["error"] { return "\(text.debugDescription): no error, but \(error)" }
                guard patterns.patterns == row.output["patterns"]?.strings ?? [] else {
                    return "\(text.debugDescription): \(patterns.patterns), not \(row.output)"
                }
                let wrong = (row.output["ignored"]?.object ?? [:]).filter { patterns.ignores($0.key) != $0.value.bool }
                return wrong.isEmpty ? nil : "\(text.debugDescription): not \(wrong)"
            } catch {
                return row.output["error"] == nil ? "\(text.debugDescription): \(error)" : nil
            }
        }
        #expect(failures.isEmpty, "\(failures.prefix(10).joined(separator: "\n"))")
    }
}
