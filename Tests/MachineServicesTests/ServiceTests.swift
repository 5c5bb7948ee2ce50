import MachineServices
import Testing

/// Which ENTRYPOINT and CMD become a service, and what of them is told.
@Suite struct ServiceTests {
    private func setup(_ instructions: String) throws -> MachineSetup {
        try machineSetup("FROM debian:12\n" + instructions)
    }

    @Test(arguments: [
        #"CMD ["bash"]"#, #"CMD ["/bin/bash", "-l"]"#, "CMD bash", "CMD exec sh", #"CMD ["python3"]"#,
        #"CMD ["python3.12", "-i"]"#,
        #"CMD ["node"]"#, #"ENTRYPOINT ["docker-entrypoint.sh"]\nCMD ["node"]"#, #"ENTRYPOINT ["python3"]"#,
        #"CMD ["irb"]"#, #"CMD ["php", "-a"]"#, #"CMD ["/bin/sh", "-c", "bash"]"#, #"CMD ["sh", "-s"]"#,
    ])
    func `a bare shell or interpreter is none, and the user is told`(_ text: String) throws {
        let setup = try setup(text.replacing(#"\n"#, with: "\n"))
        #expect(setup.service == nil)
        #expect(setup.notices.count == 1)
        #expect(setup.notices.first?.contains("waits for a terminal") == true, "\(setup.notices)")
        #expect(!setup.files.contains { $0.path.hasSuffix(".service") })
    }

    @Test(arguments: [
        #"CMD ["bash", "/run.sh"]"#, #"CMD ["python3", "-m", "http.server"]"#, #"CMD ["python3", "-mhttp.server"]"#,
        #"CMD ["node", "server.js"]"#, #"CMD ["node", "-e", "1"]"#, "CMD bash /run.sh", "CMD bash; true",
        "CMD true && bash",
        #"ENTRYPOINT ["python3"]\nCMD ["app.py"]"#, #"CMD ["sleep", "infinity"]"#, #"CMD ["/usr/bin/shfmt"]"#,
        "CMD nginx",
    ])
    func `what runs something is one`(_ text: String) throws {
        let setup = try setup(text.replacing(#"\n"#, with: "\n"))
        #expect(setup.service != nil)
        #expect(setup.notices == [])
    }

    @Test(arguments: ["", #"CMD []"#, #"CMD ["x"]\nENTRYPOINT []"#])
    func `no command is none, without a word`(_ text: String) throws {
        let setup = try setup(text.replacing(#"\n"#, with: "\n"))
        #expect((setup.service == nil) == !text.contains("x"))
        #expect(setup.notices == [])
    }

    @Test(arguments: [
        #"CMD ["/usr/sbin/sshd", "-D"]"#, #"ENTRYPOINT ["/lib/systemd/systemd"]"#, #"CMD ["/sbin/init"]"#,
    ])
    func `the machine's own programs are not run twice`(_ text: String) throws {
        let setup = try setup(text)
        #expect(setup.service == nil)
        #expect(setup.notices.first?.contains("the machine runs its own") == true)
    }

    @Test(arguments: [
        (#"CMD ["nginx", "-g", "daemon off;"]"#, ["nginx"]), ("CMD nginx -g 'daemon off;'", []),
        ("CMD exec nginx -e x", ["nginx"]),
        (#"ENTRYPOINT ["docker-entrypoint.sh"]\nCMD ["postgres"]"#, ["docker-entrypoint.sh", "postgres"]),
        (#"ENTRYPOINT ["tini", "-g", "--", "redis-server"]"#, ["redis-server"]),
        (#"ENTRYPOINT ["/usr/bin/env", "A=b", "haproxy"]\nCMD ["-f", "x"]"#, ["haproxy"]),
        (#"CMD ["python3", "/app.py"]"#, []), (#"CMD ["it's"]"#, [#"it'\''s"#]),
    ])
    func `the programs that nothing else may run`(_ text: String, _ programs: [String]) throws {
        let setup = try setup(text.replacing(#"\n"#, with: "\n"))
        let line = try #require(setup.script.split(separator: "\n").first { $0.hasPrefix("setup_displace '") })
        #expect(line.hasSuffix((["/bin'"] + programs.map { "'\($0)'" }).joined(separator: " ")), "\(line)")
    }

    @Test(arguments: [
        ("TERM", "SIGTERM"), ("SIGQUIT", "SIGQUIT"), ("sigusr1", "SIGUSR1"), ("9", "9"), ("RTMIN", "SIGRTMIN"),
        ("SIGRTMIN+3", "SIGRTMIN+3"), ("RTMAX", "64"), ("RTMAX-2", "62"), ("CLD", "SIGCHLD"), ("IOT", "SIGABRT"),
        ("POLL", "SIGIO"), ("64", "64"), ("65", "SIGTERM"), ("-1", "SIGTERM"),
    ])
    func `STOPSIGNAL in systemd's words`(_ signal: String, _ expected: String) throws {
        let setup = try setup("STOPSIGNAL \(signal)\nCMD [\"x\"]")
        let unit = try #require(setup.files.first { $0.path.hasSuffix("/replay-app.service") })
        #expect(unit.content.contains("\nKillSignal=\(expected)\n"))
        #expect(setup.notices.isEmpty == !["65", "-1"].contains(signal))
    }

    @Test func `the policy decides about the service, and about nothing else`() throws {
        let text = "FROM debian:12\nENV A=b\nHEALTHCHECK CMD true\nCMD [\"nginx\"]"
        let enabled = try machineSetup(text)
        #expect(enabled.service?.isEnabled == true)
        #expect(enabled.script.contains("\nsetup_enable replay-app.service\n"))
        let disabled = try machineSetup(text, policy: .disable)
        #expect(disabled.service?.isEnabled == false)
        #expect(disabled.files == enabled.files)
        #expect(!disabled.script.contains("\nsetup_enable replay") && !disabled.script.contains("\nsetup_displace '"))
        for none in [try machineSetup(text, policy: .none), try machineSetup(text, commandIsReplayed: false)] {
            #expect(none.service == nil)
            #expect(
                none.files.map(\.path) == [
                    "/etc/profile.d/50-replay.sh", "/etc/replay/config.json", "/etc/replay/history.json",
                    "/etc/replay/labels.json",
                ])
        }
    }

    @Test func `the report holds what the script says, and nothing that a program says`() {
        let report = SetupReport(
            """
            warning: something
            replay-setup enabled ssh.service
            replay-setup enabled dev-disk\\x2d1.mount
            replay-setup displaced nginx.service
            replay-setup failed x.service
            replay-setup odd
            """)
        #expect(report.enabledUnits == [#"dev-disk\x2d1.mount"#, "ssh.service"])
        #expect(report.displacedUnits == ["nginx.service"])
        #expect(report.failedUnits == ["x.service"])
    }
}
