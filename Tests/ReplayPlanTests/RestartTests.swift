import DockerfileLanguage
import Testing

@testable import ReplayPlan

/// Which RUNs restart the machine, and what is left of their commands.
@Suite("Restarts in a RUN") struct RestartTests {
    @Test(
        "The last command of a shell text",
        arguments: [
            ("reboot", ""),
            ("apt-get -y upgrade && reboot", "apt-get -y upgrade "),
            ("apt-get -y upgrade; shutdown -r now", "apt-get -y upgrade"),
            ("echo a\n/sbin/reboot\n", "echo a\n"),
            ("echo a\n\nreboot", "echo a"),
            ("a && sudo systemctl --no-wall reboot;", "a "),
            ("a; exec shutdown -fr +0 # for the kernel", "a # for the kernel"),
            ("a && init 6 2>/dev/null", "a "),
            ("cat <<X >/f && reboot\nreboot\nX\n", "cat <<X >/f \nreboot\nX\n"),
            ("if a; then b; fi; reboot", "if a; then b; fi"),
            ("echo $(date) 'x;y' \"a && b\" && 'reboot'", "echo $(date) 'x;y' \"a && b\" "),
        ])
    func last(text: String, rest: String) {
        guard case .last(let arguments) = RestartCommand.find(in: ["/bin/sh", "-c", text]) else {
            Issue.record("no restart in \(text)")
            return
        }
        let found = arguments[2]
        #expect(arguments.prefix(2) == ["/bin/sh", "-c"])
        // Newlines at the end mean nothing to a shell.
        #expect(found.trimmed == rest.trimmed, "\(text)")
    }

    @Test(
        "No restart",
        arguments: [
            "echo reboot", "echo 'a; reboot'", "# reboot", "a # && reboot", "cat <<E >/usr/local/bin/x\nreboot\nE",
            "cat <<-'E'\n\treboot\n\tE", "systemctl enable reboot.target", "shutdown -h now", "grep reboot /f && x",
            "case $x in reboot) y;; esac", "reboot() { x; }", "echo $(date) reboot", "x=reboot y", "init 3",
            "apt-get install -y \\\n  reboot", "echo > reboot", "shutdown --help", "reboot --help",
        ])
    func none(text: String) { #expect(RestartCommand.find(in: ["/bin/bash", "-o", "pipefail", "-c", text]) == .none) }

    @Test(
        "A restart in another place",
        arguments: [
            "reboot && echo done", "reboot; sleep 100", "if a; then reboot; fi", "(reboot)", "{ reboot; }",
            "a || reboot",
            "(sleep 5; reboot) &", "reboot &", "a | reboot", "echo $(reboot)", "! reboot", "shutdown -r +10",
            "shutdown -r 23:00", "while reboot; do x; done", "a && reboot\necho b",
        ])
    func misplaced(text: String) {
        guard case .misplaced = RestartCommand.find(in: ["/bin/sh", "-c", text]) else {
            Issue.record("not refused: \(text)")
            return
        }
    }

    @Test("Other argument vectors")
    func vectors() {
        #expect(RestartCommand.find(in: ["/sbin/shutdown", "-r", "now"]) == .last(rest: ["/bin/sh", "-c", ""]))
        #expect(RestartCommand.find(in: ["python3", "-c", "a; reboot"]) == .none)
        #expect(RestartCommand.find(in: ["echo", "reboot"]) == .none)
    }

    @Test("The plan: the command without its restart, a digest of its own, and the comment that asks for one")
    func planned() throws {
        let planned = try plan(
            "FROM debian:12\nRUN a && reboot\n# replay: reboot\nWORKDIR /x\nRUN b\n")
        #expect(planned.steps.map(\.restartsMachine) == [true, true, false])
        guard case .run(let action) = planned.steps[0].action else { throw PlanError(.argument, "no RUN") }
        #expect(action.arguments.last == "a ")
        let other = try plan("FROM debian:12\nRUN a \nWORKDIR /x\nRUN b\n")
        #expect(Set(planned.steps.map(\.digest) + other.steps.map(\.digest)).count == 6)
    }

    @Test("An error names the line, the command and the way out")
    func error() throws {
        let error = #expect(throws: PlanError.self) { try plan("FROM debian:12\nRUN true\nRUN reboot && true\n") }
        #expect(error?.lines.first?.first == 3)
        #expect(error?.highlight == "reboot")
        #expect(error?.message.contains("the last command of its RUN") == true)
    }

    @Test(
        "The comment stands right above something that is done on the machine",
        arguments: [
            "# replay: reboot\nENV a=b\n", "# replay: timeout=5m\nENV a=b\n", "# replay: reboot\n#\nRUN x\n",
            "# replay: reboot\n",
        ])
    func misplacedComment(text: String) throws {
        let error = #expect(throws: DockerfileError.self) { try plan("FROM debian:12\n" + text) }
        #expect(error?.ranges.first?.first == 2)
        #expect(error?.message.contains("right above the RUN") == true)
    }

    @Test("Time limits", arguments: [("10m", 600), ("90", 90), ("1h0m5s", 3605), ("1.5m", 90)])
    func timeouts(text: String, seconds: Int) throws {
        let plan = try plan("FROM debian:12\n# why\n# replay: timeout=\(text)\nRUN a\nRUN b\n")
        #expect(plan.steps.map(\.timeout) == [seconds, nil])
        let other = try ReplayPlanTests.plan("FROM debian:12\nRUN a\nRUN b\n")
        #expect(plan.steps.map(\.digest) == other.steps.map(\.digest), "a limit changes no result")
    }

    @Test("What is no time limit", arguments: ["timeout", "timeout=", "timeout=soon", "timeout=0", "timeout=-5s"])
    func noTimeout(text: String) throws {
        let error = #expect(throws: DockerfileError.self) { try plan("FROM debian:12\n# replay: \(text)\nRUN a\n") }
        #expect(error?.message.contains("write # replay: timeout=90s") == true)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
