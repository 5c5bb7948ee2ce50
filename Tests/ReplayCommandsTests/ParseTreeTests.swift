import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// `replay internal parse-tree` prints the tree in the form of the vectors.
@Suite("The hidden verb parse-tree")
struct ParseTreeTests {
    private func json(_ text: String) throws -> [String: JSONValue] {
        try JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
    }

    @Test("The tree is BuildKit's, to the last field")
    func trees() async throws {
        let rows = try VectorFile("parse_handmade", in: VectorFile.ownDirectory).rows
        let good = rows.filter { $0.output["error"] == nil }.prefix(6)
        let scratch = try ScratchDirectory()
        for row in good {
            try scratch.write(row.input["text"]?.string ?? "", to: "Dockerfile")
            let result = try await CommandRun.run(
                [PackagePlaces.replay, "internal", "parse-tree", scratch("Dockerfile").string])
            #expect(result.status == 0, "\(result.errors)")
            #expect(try json(result.output) == row.output, "row \(row.number)")
        }
    }

    @Test("What cannot be parsed gives the error and its lines")
    func errors() async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("FROM a\nRUN <<E\n", to: "Dockerfile")
        let result = try await CommandRun.run(
            [PackagePlaces.replay, "internal", "parse-tree", scratch("Dockerfile").string])
        #expect(try json(result.output)["locations"] == .array([.array([.number(2), .number(2)])]))
        let missing = try await CommandRun.run([PackagePlaces.replay, "internal", "parse-tree", scratch("none").string])
        #expect(missing.status == 2)
        #expect(missing.errors.contains("cannot be read"))
        let help = try await CommandRun.run([PackagePlaces.replay, "--help"])
        #expect(!help.output.contains("internal"))
    }
}
