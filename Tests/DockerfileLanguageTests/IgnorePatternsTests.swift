import DockerfileLanguage
import Testing

/// Ignore patterns beyond the recorded answers.
@Suite struct IgnorePatternsTests {
    @Test(arguments: [
        (["a|b*"], "a/x", true), (["x[[:digit:]]"], "x7", true), (["a{2}*"], "aab", true), (["**"], "a", true),
        (["a/**"], "a", false), (["a/**"], "a/b/c", true), (["**/x"], "x", true),
        (["*.o", "!keep.o"], "keep.o", false),
        (["d", "!d/e"], "d/e/f", false), (["d", "!d/e"], "d/g", true), (["../x"], "x", false), (["é?"], "éé", true),
        (["a\\*b"], "a*b", true), (["a\\*b"], "axb", false), (["/a"], "a", false), ([" a "], "a", true),
    ])
    func patternsMatch(_ patterns: [String], _ path: String, _ expected: Bool) throws {
        #expect(try IgnorePatterns(patterns).ignores(path) == expected)
    }

    @Test(arguments: [(["!"], 1), (["a", "b["], 2), (["# x", "", "a\\"], 3)])
    func wrongPatternsNameTheirLine(_ lines: [String], _ line: Int) {
        let error = #expect(throws: DockerfileError.self) {
            try IgnorePatterns(parsing: Array(lines.joined(separator: "\n").utf8))
        }
        #expect(error?.ranges == [SourceRange(line: line)])
    }

    /// A walk asks each path once, with what its directory matched.
    @Test func aWalkAnswersAsTheWholePathDoes() throws {
        let patterns = try IgnorePatterns([
            "node_modules", "**/*.o", "build/*", "!build/keep", "docs/**", "!docs/a/b.md",
        ])
        let paths = [
            "node_modules", "node_modules/x", "a", "a/b.o", "a/c", "build", "build/x", "build/keep", "build/keep/y",
            "docs", "docs/a", "docs/a/b.md", "docs/c",
        ]
        var matches: [String: IgnorePatterns.DirectoryMatches] = [:]
        for path in paths {
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            let answer = patterns.evaluate(path, in: matches[parent])
            matches[path] = answer.matches
            #expect(answer.isIgnored == patterns.ignores(path), "\(path)")
        }
    }

    @Test(arguments: [
        (["a"], "a", false), (["a", "!a/b/c"], "a", true), (["a", "!a/b/c"], "a/b", true),
        (["a", "!a/b/c"], "a/x", false),
        (["a", "!a/b/**"], "a/b", true), (["a", "!x"], "a", false), (["a", "!**/x"], "a", true),
    ])
    func aWalkKnowsWhereItMayStop(_ patterns: [String], _ directory: String, _ expected: Bool) throws {
        #expect(try IgnorePatterns(patterns).canReinclude(below: directory) == expected)
    }
}
