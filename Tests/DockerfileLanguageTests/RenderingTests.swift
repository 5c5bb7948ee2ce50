import DockerfileLanguage
import Testing

/// How errors look.
@Suite struct RenderingTests {
    private func rendered(_ text: String) -> String {
        do throws(DockerfileError) {
            _ = try DockerfileParser.parse(text)
            return "no error"
        } catch {
            return error.rendered(in: SourceText(Array(text.utf8)), file: "Dockerfile")
        }
    }

    @Test func theCaretPointsAtTheFlag() {
        #expect(
            rendered("FROM a\nCOPY --form=b /c /d\n") == """
                Dockerfile:2: unknown flag: --form (did you mean from?)
                  2 | COPY --form=b /c /d
                    |      ^~~~~~
                """)
    }

    @Test func theCaretFindsItsLineAndKeepsTabs() {
        #expect(
            rendered("FROM a\nENV a=b \\\n\tc=d \\\n\té\n") == """
                Dockerfile:2: there is no = in "é"; it must have the form name=value
                  2 | ENV a=b \\
                  3 | \tc=d \\
                  4 | \té
                    | \t^
                """)
    }

    @Test func longRangesAreCut() {
        let text = "FROM a\nRUN <<E\n" + (1...10).map { "line \($0)\n" }.joined()
        #expect(
            rendered(text) == """
                Dockerfile:2: the heredoc <<E has no line with only E that ends it
                  2 | RUN <<E
                    |     ^~
                  3 | line 1
                  4 | line 2
                  … |
                 12 | line 10
                """)
    }

    @Test func anErrorOfTheWholeFileHasNoLine() {
        #expect(rendered("ARG a\n") == "Dockerfile: the Dockerfile has no stages: FROM is missing")
        #expect(rendered("") == "Dockerfile: the Dockerfile is empty")
    }
}
