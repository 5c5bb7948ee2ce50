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

    @Test func aStepsDirectivesNameTheirInstruction() throws {
        let file = try DockerfileParser.parse(
            """
            FROM a
            ENV A=1
            # replay: reboot
            # an ordinary comment
            # replay: timeout=1h30m
            RUN one \\
              two
            #replay:timeout=90
            COPY a b
            """)
        #expect(file.stepDirectives.map(\.kind) == [.reboot, .timeout(seconds: 5400), .timeout(seconds: 90)])
        #expect(file.stepDirectives.map(\.line) == [3, 5, 8])
        let run = SourceRange(first: 6, last: 7)
        #expect(file.stepDirectives.map(\.instruction) == [run, run, SourceRange(line: 9)])
    }

    @Test(
        "what a directive cannot be about, or cannot say, is an error",
        arguments: [
            "# replay: reboot", "# replay: reboot\nENV A=1", "# replay: reboot now\nRUN a", "# replay: reboot=1\nRUN a",
            "# replay: timeout\nRUN a", "# replay: timeout=\nRUN a", "# replay: timeout=0\nRUN a",
            "# replay: timeout=5x\nRUN a", "# replay: timeout=1m1h\nRUN a", "# replay: timeout 5m\nRUN a",
        ])
    func directiveErrors(lines: String) {
        let error = #expect(throws: DockerfileError.self) { try DockerfileParser.parse("FROM a\n\(lines)\n") }
        #expect(error?.code == .directive)
        #expect(error?.ranges == [SourceRange(line: 2)])
    }

    @Test(
        "durations",
        arguments: [
            ("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h1s", 7201), ("100h", 360_000), ("", nil),
            ("0s", nil),
            ("-1", nil), ("1.5h", nil), ("s", nil), ("1s1s", nil), ("1d", nil), ("99999999999999999999", nil),
            ("2401h", nil),
        ] as [(String, Int?)])
    func durations(text: String, seconds: Int?) { #expect(TimeLimit.seconds(text) == seconds) }
}
