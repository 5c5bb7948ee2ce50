import DockerfileLanguage
import Testing

/// `# replay:` comments: read where a comment stands on its own, and only there.
@Suite struct ReplayDirectiveTests {
    @Test func testsAreFoundWhereverACommentStands() throws {
        let file = try DockerfileParser.parse(
            """
            # replay: test true
            FROM a
              #replay:test  systemctl is-active "x y"  \n\
            RUN echo \\
            # replay: test not here, an instruction goes on
              b <<X
            # replay: test not here, a heredoc
            X
            # replay: testing is no test
            # a word about replay: test nothing
            # replay: test last
            """)
        #expect(file.tests == ["true", #"systemctl is-active "x y""#, "last"])
        #expect(file.stages[0].instructions.count == 1)
    }

    @Test func aTestNeedsACommand() {
        let error = #expect(throws: DockerfileError.self) { try DockerfileParser.parse("FROM a\n\n# replay: test \n") }
        #expect(error?.code == .directive)
        #expect(error?.ranges == [SourceRange(line: 3)])
    }
}
