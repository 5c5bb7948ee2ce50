import DockerfileLanguage
import Testing

/// What the typed instructions hold.
@Suite struct DockerfileParserTests {
    /// The instructions of a one-stage file.
    private func instructions(_ text: String) throws -> [Instruction] {
        try DockerfileParser.parse("FROM a\n" + text).stages[0].instructions
    }

    @Test func stagesHaveNamesPlatformsAndLines() throws {
        let file = try DockerfileParser.parse(
            "ARG V=1\nFROM --platform=$P a:$V AS Build\nRUN x \\\n  y\n\nFROM build\nCMD z\n")
        #expect(file.globalArguments.map { $0.arguments.map(\.name) } == [["V"]])
        #expect(file.stages.map(\.name) == ["build", nil])
        #expect(file.stages.map(\.baseName) == ["a:$V", "build"])
        #expect(file.stages.map(\.platform) == ["$P", nil])
        #expect(file.stages.map(\.lines) == [SourceRange(first: 2, last: 4), SourceRange(first: 6, last: 7)])
        #expect(file.stages[0].from.nameAsWritten == "Build")
    }

    @Test(arguments: [
        ("RUN a  b ", RunInstruction.Execution.shell("a  b")),
        ("RUN [\"a\", \"b c\"]", .exec(["a", "b c"])),
        ("RUN", .shell("")),
        ("RUN <<E\necho 1\n# 2\nE", .shell("echo 1\n# 2\n")),
        ("RUN <<-E\n\techo 1\n\tE", .shell("echo 1\n")),
        ("RUN <<E\n#!/bin/x\n1\nE", .script(name: "E", content: "#!/bin/x\n1\n")),
        ("RUN <<-E\n\t#!/bin/x\n\t1\nE", .script(name: "E", content: "#!/bin/x\n1\n")),
        ("RUN cat <<-A <<'B' > /x\n\t1\n\tA\n2\nB", .shell("cat <<-A <<'B' > /x\n\t1\nA\n2\nB")),
        ("RUN <<E cat\n#!x\nE", .shell("<<E cat\n#!x\nE")),
    ])
    func runKnowsWhatIsExecuted(_ text: String, _ expected: RunInstruction.Execution) throws {
        guard case .run(let run) = try instructions(text)[0] else {
            Issue.record("no RUN")
            return
        }
        #expect(run.execution == expected)
    }

    @Test func copyTakesHeredocsAsFiles() throws {
        guard
            case .copy(let copy) = try instructions(
                "COPY --chmod=755 --exclude=*.o --exclude=b a <<E <<-'F' /d/\n1 $x\nE\n\t2\n\tF\n")[0]
        else {
            Issue.record("no COPY")
            return
        }
        #expect(copy.paths.sources == ["a"])
        #expect(copy.paths.destination == "/d/")
        #expect(
            copy.paths.documents == [
                .init(name: "E", content: "1 $x\n", expands: true), .init(name: "F", content: "2\n", expands: false),
            ])
        #expect(copy.mode == "755")
        #expect(copy.excludes == ["*.o", "b"])
        #expect(copy.syntax.lines == SourceRange(first: 2, last: 6))
    }

    @Test(arguments: [
        ("CMD --x y", "unknown flag: --x"), ("FRM a", "did you mean FROM?"),
        ("RUN --mout=type=bind x", "did you mean mount?"), ("COPY --chowm=1 a b", "did you mean chown?"),
    ])
    func mistypedNamesAreGuessed(_ text: String, _ expected: String) throws {
        let error = #expect(throws: DockerfileError.self) { try instructions(text) }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
    }

    @Test func commentsDescribeNames() throws {
        guard case .arg(let arg) = try instructions("# A the first\n#\n# B the second\n# C the third\nARG A B=1 C")[0]
        else {
            Issue.record("no ARG")
            return
        }
        #expect(arg.arguments.map(\.description) == [nil, "the second", "the third"])
        #expect(arg.arguments.map(\.defaultValue) == [nil, "1", nil])
    }

    @Test(arguments: [
        ("30s", Int64(30_000_000_000)), ("1m30s", 90_000_000_000), ("1.5h", 5_400_000_000_000), ("0", 0),
        ("100ms", 100_000_000), ("1h0.5s", 3_600_500_000_000),
    ])
    func healthcheckReadsDurations(_ text: String, _ nanoseconds: Int64) throws {
        guard case .healthcheck(let check) = try instructions("HEALTHCHECK --interval=\(text) --retries=4 CMD x y")[0]
        else {
            Issue.record("no HEALTHCHECK")
            return
        }
        #expect(check.interval == nanoseconds)
        #expect(check.retries == 4)
        #expect(check.command == .shell("x y"))
    }

    @Test(arguments: [
        ("ONBUILD RUN x  y", "RUN x  y"), ("onbuild\tCOPY <<E /x\n1\nE", "COPY <<E /x\n1\nE"),
        ("ONBUILD RUN a \\\n  b", "RUN a   b"),
    ])
    func triggersAreReadAgain(_ text: String, _ expected: String) throws {
        guard case .onbuild(let onbuild) = try instructions(text)[0] else {
            Issue.record("no ONBUILD")
            return
        }
        #expect(onbuild.trigger == expected)
        let lines = SourceRange(line: 9)
        let trigger = try DockerfileParser.parseTrigger(onbuild.trigger, at: lines)
        #expect(trigger.lines == lines)
    }

    @Test(arguments: ["FOO x", "RUN x\nRUN y", "FROM x", "RUN --x", ""])
    func badTriggersFailWhereTheyFire(_ trigger: String) {
        let error = #expect(throws: DockerfileError.self) {
            try DockerfileParser.parseTrigger(trigger, at: SourceRange(line: 9))
        }
        #expect(error?.ranges == [SourceRange(line: 9)])
    }

    @Test func directivesAreFoundBehindAHashBang() throws {
        let file = try DockerfileParser.parse(
            "#!/usr/bin/env x\n# syntax=docker/dockerfile:1 a\n# check=skip=all\nFROM a\n")
        #expect(file.directives.syntax?.text == "docker/dockerfile:1 a")
        #expect(file.directives.syntax?.line == 2)
        #expect(file.directives.syntax?.firstWord == "docker/dockerfile:1")
        #expect(file.directives.check?.text == "skip=all")
        #expect(file.directives.escape == .backslash)
    }
}
