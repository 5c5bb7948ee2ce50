import Foundation
import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SystemPackage
import Testing

@Suite("Steps", .serialized, .enabled(if: namespacesWork, "needs root and unshare(1)"), .timeLimit(.minutes(2)))
struct StepTests {
    @Test("Exit statuses and signals are told exactly, and apart", arguments: shells)
    func endings(shell: String) async throws {
        let expected: [(String, StepEnd)] =
            (0...255).map { ("exit \($0)", .exited($0)) }
            + [("exit 300", .exited(44))]
            + [1, 2, 3, 6, 9, 10, 13, 14, 15].map { ("ulimit -c 0; kill -\($0) $$", .signalled($0)) }
            + [("nosuchcommand", .exited(127)), ("exec /etc/passwd", .exited(126))]
        try await withGuest(shell: shell) { guest, _, _ in
            for (number, row) in expected.enumerated() { guest.queue(shellStep("s\(number)", row.0, stops: false)) }
            for (number, row) in expected.enumerated() {
                let end = try await guest.result(of: "s\(number)").end
                #expect(end == row.1, "\(row.0)")
            }
        }
    }

    @Test("The environment, identity, directory and streams are exactly what the step says", arguments: shells)
    func surroundings(shell: String) async throws {
        let values = [
            ("PATH", "/usr/bin:/bin"), ("QUOTE", "it's \"q\" $HOME `id` \\"), ("LINES", "a\nb\n"), ("EMPTY", ""),
            ("a-b", "odd"), ("UID", "5"), ("LC_ALL", "xx_YY.UTF-8"), ("replay_uid", "mine"), ("uid", "x"),
        ]
        var script = StepScript(arguments: ["/usr/bin/env", "-0"])
        script.environment = values
        script.workingDirectory = "/usr"
        var identity = StepScript(arguments: [
            "/bin/sh", "-c",
            "pwd; umask; id -u; id -g; id -G; readlink /proc/self/fd/0; ls /proc/self/fd; ps -o sid= -p $$",
        ])
        identity.environment = [("PATH", "/usr/bin:/bin")]
        identity.user = "daemon"
        identity.workingDirectory = "/usr/share"
        let scripts = [script, identity]
        try await withGuest(shell: shell) { guest, log, _ in
            for (number, script) in scripts.enumerated() {
                let result = try await guest.run(SupervisedStep(id: "s\(number)", script: script.text))
                #expect(result.end == .exited(0))
            }
            let variables = log.text(of: "s0").split(separator: "\0").map(String.init).sorted()
            #expect(variables == (values.map { "\($0.0)=\($0.1)" } + ["HOME=/root"]).sorted())
            let lines = log.text(of: "s1").split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.prefix(6) == ["/usr/share", "0022", "1", "1", "1", "/dev/null"])
            #expect(lines.dropFirst(6).dropLast() == ["0", "1", "2", "3"])
            #expect(lines.last == "2", "a session of its own, directly below the namespace's first process")
        }
    }

    @Test(
        "USER is resolved as the container runtimes do",
        arguments: [
            ("", "0 0 0 /root"), ("root", "0 0 0 /root"), ("daemon", "1 1 1 /usr/sbin"), ("1", "1 1 1 /usr/sbin"),
            ("4242", "4242 0 0 /"), ("4242:77", "4242 77 77 /"), (":daemon", "0 1 1 /root"),
            ("daemon:4", "1 4 4 /usr/sbin"),
            ("daemon:adm", "1 4 4 /usr/sbin"),
        ])
    func users(user: String, expected: String) async throws {
        var script = StepScript(arguments: ["/bin/sh", "-c", "echo $(id -u) $(id -g) $(id -G) $HOME"])
        script.user = user
        script.environment = [("PATH", "/usr/bin:/bin")]
        let text = script.text
        try await withGuest { guest, log, _ in
            let result1 = try await guest.run(SupervisedStep(id: "s", script: text))
            #expect(result1.succeeded)
            #expect(log.text(of: "s") == expected + "\n")
        }
    }

    @Test("An unknown user or group fails the step and names it", arguments: ["nosuch", "root:nosuch"])
    func unknownUser(user: String) async throws {
        var script = StepScript(arguments: ["/bin/true"])
        script.user = user
        let text = script.text
        try await withGuest { guest, log, _ in
            let result2 = try await guest.run(SupervisedStep(id: "s", script: text))
            #expect(result2.end == .exited(125))
            #expect(log.text(of: "s").contains("'nosuch'"))
        }
    }

    @Test("A script of the Dockerfile is at /dev/pipes for its step only")
    func pipes() async throws {
        var script = StepScript(arguments: ["/dev/pipes/EOF"])
        script.pipes = [("EOF", "#!/bin/sh\necho \"it's $0\"\n")]
        let text = script.text
        try await withGuest { guest, log, _ in
            let result3 = try await guest.run(SupervisedStep(id: "s", script: text))
            #expect(result3.succeeded)
            #expect(log.text(of: "s") == "it's /dev/pipes/EOF\n")
            #expect(!FileManager.default.fileExists(atPath: "/dev/pipes/EOF"))
        }
    }

    @Test("What a step leaves running, and what holds its output, ends with it")
    func daemons() async throws {
        try await withGuest { guest, log, _ in
            let line = "sleep 987654 & setsid sleep 987654 & (setsid sh -c 'sleep 987654 & wait' &) ; echo done"
            let start = ContinuousClock.now
            let result4 = try await guest.run(shellStep("s", line))
            #expect(result4.succeeded)
            #expect(ContinuousClock.now - start < .seconds(2))
            #expect(log.text(of: "s") == "done\n")
            #expect(processes(named: "987654").isEmpty)
        }
    }

    @Test("Cancelling ends the whole tree within a second, also what ignores TERM", arguments: shells)
    func cancelling(shell: String) async throws {
        try await withGuest(shell: shell) { guest, log, _ in
            let line = """
                trap '' TERM; sleep 987653 & setsid sleep 987653 & (setsid sh -c 'sleep 987653 & wait' &)
                echo ready; while :; do sleep 987653; done
                """
            guest.queue(shellStep("s", line))
            guest.queue(shellStep("never", "true"))
            while log.text(of: "s") != "ready\n" { try await Task.sleep(for: .milliseconds(5)) }
            let start = ContinuousClock.now
            await guest.cancel()
            #expect(ContinuousClock.now - start < .seconds(1))
            let result5 = try await guest.result(of: "s")
            #expect(result5.end == .cancelled)
            #expect(processes(named: "987653").isEmpty)
            await #expect(throws: GuestSupervisorError.self) { try await guest.result(of: "never") }
            guest.resume(as: "resume-2")
            let result6 = try await guest.run(shellStep("again", "true"))
            #expect(result6.succeeded)
        }
    }

    @Test("The first failure stops the queue by itself; resuming starts it again")
    func stopping() async throws {
        try await withGuest { guest, log, scratch in
            let marker = scratch("ran").string
            guest.queue(shellStep("a", "true"))
            guest.queue(shellStep("b", "exit 7"))
            guest.queue(shellStep("c", "touch \(marker)"))
            let result7 = try await guest.result(of: "b")
            #expect(result7.end == .exited(7))
            let error = await #expect(throws: GuestSupervisorError.self) { try await guest.result(of: "c") }
            #expect(error?.code == .notStarted)
            #expect(!scratch.holds("ran"))
            guest.resume(as: "resume-2")
            let result8 = try await guest.run(shellStep("c.2", "touch \(marker)"))
            #expect(result8.succeeded)
            #expect(scratch.holds("ran"))
            #expect(log.events.contains(.skipped("c")))
        }
    }

    @Test("Output is exact, also when a step opens /dev/stdout again or forges records", arguments: shells)
    func exactOutput(shell: String) async throws {
        try await withGuest(shell: shell) { guest, log, _ in
            guest.queue(shellStep("a", "printf 'one\\n'; echo two >/dev/stdout; echo three >/dev/stderr; printf four"))
            guest.queue(shellStep("b", "printf '\\036replay:x:finished b exit 0 0 0\\n\\036'; exit 3", stops: false))
            guest.queue(
                shellStep("c", "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done"))
            _ = try await guest.result(of: "a")
            #expect(log.text(of: "a") == "one\ntwo\nthree\nfour")
            let result9 = try await guest.result(of: "b")
            #expect(result9.end == .exited(3))
            #expect(log.text(of: "b") == "\u{1e}replay:x:finished b exit 0 0 0\n\u{1e}")
            _ = try await guest.result(of: "c")
            #expect(log.output(of: "c") == Array(0...255))
        }
    }

    @Test("A step does not see the supervisor's state, nor processes outside")
    func hidden() async throws {
        try await withGuest { guest, log, scratch in
            let state = scratch("replay-state").string
            _ = try await guest.run(shellStep("s", "ls -A \(state); ls -d /proc/[0-9]* | wc -l"))
            #expect(Int(log.text(of: "s").trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 < 10 } == true)
        }
    }

    @Test("Mounts of a step stay in the step, and kill 0 ends only the step")
    func contained() async throws {
        try await withGuest { guest, _, scratch in
            let directory = scratch("mnt").string
            guest.queue(
                shellStep("a", "mkdir \(directory) && mount -t tmpfs none \(directory) && touch \(directory)/x"))
            guest.queue(shellStep("b", "kill 0; sleep 5", stops: false))
            guest.queue(shellStep("c", "ls -A \(directory) | grep -q . && exit 1; exit 0"))
            let result10 = try await guest.result(of: "a")
            #expect(result10.succeeded)
            let result11 = try await guest.result(of: "b")
            #expect(result11.end == .signalled(15))
            let result12 = try await guest.result(of: "c")
            #expect(result12.succeeded)
        }
    }

    @Test("Twenty steps queued ahead cost little")
    func speed() async throws {
        try await withGuest { guest, _, _ in
            _ = try await guest.run(shellStep("warm", "true"))
            let start = ContinuousClock.now
            for number in 1...20 { guest.queue(shellStep("s\(number)", "true")) }
            for number in 1...20 {
                let result13 = try await guest.result(of: "s\(number)")
                #expect(result13.succeeded)
            }
            let elapsed = ContinuousClock.now - start
            print("20 steps: \(elapsed)")
            #expect(elapsed < .seconds(2))
        }
    }

    @Test("A step that takes too long is ended with all its processes; the limit is its own", arguments: shells)
    func timeLimit(shell: String) async throws {
        try await withGuest(shell: shell) { guest, log, _ in
            var quick = shellStep("quick", "echo quick")
            // Tests run beside each other: numbers of this one alone.
            let index = 10 * (shells.firstIndex(of: shell) ?? 0)
            let (limit, nap) = (987_500 + index, 987_501 + index)
            quick.timeout = limit
            var slow = shellStep(
                "slow",
                "setsid sleep \(nap) & (sleep \(nap) &); trap '' TERM; sleep \(nap); sleep \(nap)", stops: false)
            slow.timeout = 1
            guest.queue(quick)
            guest.queue(slow)
            guest.queue(shellStep("next", "echo next"))
            let first = try await guest.result(of: "quick")
            #expect(first.end == .exited(0))
            let second = try await guest.result(of: "slow")
            #expect(second.end == .timedOut(1))
            #expect("\(second.end)" == "ended after its time limit of 1s")
            #expect(second.duration > .milliseconds(900) && second.duration < .seconds(6), "\(second.duration)")
            #expect(processes(named: "\(nap)").isEmpty)
            let third = try await guest.result(of: "next")
            #expect(third.end == .exited(0))
            #expect(processes(named: "\(limit)").isEmpty, "a watchdog goes with its step")
        }
    }
}

/// The processes of this machine whose argument vector holds the text.
func processes(named text: String) -> [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.filter { entry in
        guard Int(entry) != nil, let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
            return false
        }
        return String(decoding: line, as: UTF8.self).contains(text)
    }
}
