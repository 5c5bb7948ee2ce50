import DockerfileLanguage
import ReplayPlan
import Testing

/// A machine can restart in the middle of a Dockerfile, where it says so.
@Suite struct RestartTests {
    @Test(
        "a restart at a RUN's end becomes a step of its own",
        arguments: [
            ("reboot", ["restart"]),
            ("/sbin/reboot -f", ["restart"]),
            ("sudo systemctl reboot", ["restart"]),
            (#"["shutdown", "-r", "now"]"#, ["restart"]),
            ("apt-get install -y linux && reboot", ["run /bin/sh|-c|apt-get install -y linux ", "restart"]),
            ("a; b; shutdown -r now ;", ["run /bin/sh|-c|a; b", "restart"]),
            ("if a; then b; fi && init 6", ["run /bin/sh|-c|if a; then b; fi ", "restart"]),
        ])
    func last(command: String, steps: [String]) throws {
        #expect(outline(try plan("FROM debian:12\nRUN \(command)\n")) == steps)
    }

    @Test("a heredoc's last line may restart the machine")
    func heredoc() throws {
        let steps = outline(try plan("FROM debian:12\nRUN <<END\nset -e\na # reboot\nreboot\nEND\n"))
        #expect(steps == ["run /bin/sh|-c|set -e\na # reboot", "restart"])
    }

    @Test(
        "a restart elsewhere in a RUN is refused, with the reason",
        arguments: [
            "reboot && a", "a || reboot", "(reboot)", "if a; then reboot; fi", "reboot | tee log", "a && { reboot; }",
            "while true; do reboot; done", "reboot; echo done", "a & reboot", "reboot &",
        ])
    func elsewhere(command: String) {
        let error = #expect(throws: PlanError.self) { try plan("FROM debian:12\n\nRUN \(command)\n") }
        #expect(error?.lines == [LineRange(first: 3, last: 3)])
        #expect(error?.message.contains("by its last command only") == true)
    }

    @Test(
        "what only looks like a restart is none",
        arguments: [
            "echo reboot", "echo 'a && reboot'", "echo \"; reboot\"", "apt-get install -y reboot-notifier",
            "a # && reboot",
            "systemctl enable reboot-guard", "shutdown -c", "init 3", "for reboot in a; do :; done", "a \\; reboot2",
            "reboot() { :; }", "touch /var/run/reboot", "grep reboot log && true", "printf 'reboot\\n' >f",
        ])
    func none(command: String) throws {
        let steps = try plan("FROM debian:12\nRUN \(command)\n").steps
        #expect(steps.count == 1)
        #expect(steps.first?.action != .restart)
    }

    @Test("text in a heredoc of the shell's own is no command")
    func innerHeredoc() throws {
        let steps = outline(try plan("FROM debian:12\nRUN <<END\ncat >f <<-'X'\nreboot\n\tX\nb\nEND\n"))
        #expect(steps == ["run /bin/sh|-c|cat >f <<-'X'\nreboot\n\tX\nb\n"])
    }

    @Test(
        "'# replay: reboot' restarts before its instruction; a time limit belongs to its steps; digests know the restart"
    )
    func directives() throws {
        let text = "FROM debian:12\nRUN a\n# replay: reboot\n# replay: timeout=10m\nRUN b && reboot\nWORKDIR /srv\n"
        let steps = try plan(text).steps
        #expect(
            steps.map(\.title) == [
                "RUN a", "restart the machine", "RUN b && reboot", "restart the machine", "WORKDIR /srv",
            ])
        #expect(steps.map(\.number) == [1, 2, 3, 4, 5])
        #expect(steps.map(\.lines.first) == [2, 3, 5, 5, 6])
        #expect(steps.map(\.timeout) == [nil, nil, 600, 600, nil])
        let without = try plan("FROM debian:12\nRUN a\nRUN b\nWORKDIR /srv\n").steps
        #expect(without[0].digest == steps[0].digest)
        #expect(Set(steps.map(\.digest) + without.dropFirst().map(\.digest)).count == 7)
    }
}
