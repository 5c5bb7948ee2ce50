import Foundation
import MachineServices
import ReplayTestSupport
import SystemPackage
import Testing

/// The launcher, run here: what a service's process sees.
@Suite(.enabled(if: getuid() == 0, "only root becomes other users")) struct LauncherTests {
    private func output(_ dockerfile: String, shell: String? = nil) async throws -> String {
        try await ScratchDirectory.with { scratch in
            _ = try await CommandRun.run(["chmod", "755", scratch.path.string])
            let machine = try await RelocatedMachine(try machineSetup(dockerfile), below: scratch.path)
            let words = ["/usr/local/lib/replay/run", "/etc/replay/service"].map(machine.relocate)
            let result = try await CommandRun.run(
                ["/usr/bin/env", "-i"] + (shell.map { [$0] } ?? []) + words, environment: ["STRAY": "x"])
            #expect(result.errors == "")
            return result.output
        }
    }

    @Test(arguments: ["/bin/dash", "/bin/bash"])
    func `words and environment are exact`(shell: String) async throws {
        let dockerfile = #"""
            FROM debian:12
            ENV A="it's 100% \$HOME \"q\" \\" a-b=odd UID=5 EMPTY= HOME=/nowhere HOSTNAME=mine
            ENTRYPOINT ["/bin/sh", "-c", "printf '<%s>' \"$0\" \"$@\"; tr '\\0' '\\n' </proc/$$/environ | sort"]
            CMD ["%i $HOME %%", "", "a\nb", "'\"\\"]
            """#
        #expect(
            try await output(dockerfile, shell: shell) == #"""
                <%i $HOME %%><><a
                b><'"\>A=it's 100% $HOME "q" \
                EMPTY=
                HOME=/nowhere
                HOSTNAME=mine
                PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
                UID=5
                a-b=odd

                """#)
    }

    @Test(arguments: [
        ("", "0 0 0 /root"), ("root", "0 0 0 /root"), ("daemon", "1 1 1 /usr/sbin"), ("1", "1 1 1 /usr/sbin"),
        ("424242", "424242 0 0 /"), ("424242:7", "424242 7 7 /"), ("daemon:www-data", "1 33 33 /usr/sbin"),
        (":7", "0 7 7 /root"),
    ])
    func `USER is who Docker says, in its directory, with the low ports`(user: String, expected: String) async throws {
        let dockerfile = """
            FROM debian:12
            \(user.isEmpty ? "" : "USER \(user)")
            WORKDIR /usr/share
            CMD ["/bin/sh", "-c", "echo $(id -u) $(id -g) $(id -G) $HOME; pwd; umask; sed -n 's/CapEff:.*\\\\(.\\\\{16\\\\}\\\\)$/\\\\1/p' /proc/self/status"]
            """
        let lines = try await output(dockerfile).split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(lines)")
        #expect(Array(lines[..<3]) == [expected, "/usr/share", "0022"])
        let capabilities = try #require(UInt64(lines[3], radix: 16))
        // CAP_NET_BIND_SERVICE is 10: capabilities(7), <linux/capability.h>.
        if expected.hasPrefix("0 ") { #expect(capabilities & 1 << 10 != 0) } else { #expect(capabilities == 1 << 10) }
    }

    @Test func `an unknown user is told`() async throws {
        try await ScratchDirectory.with { scratch in
            let setup = try machineSetup("FROM debian:12\nUSER nobody-knows\nCMD [\"true\"]")
            let machine = try await RelocatedMachine(setup, below: scratch.path)
            let result = try await CommandRun.run(
                ["/usr/local/lib/replay/run", "/etc/replay/service"].map(machine.relocate))
            #expect(result.status == 125)
            #expect(result.errors == "replay: there is no user 'nobody-knows' in /etc/passwd\n")
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
    func `systemd reads the units without a word`() async throws {
        try await ScratchDirectory.with { scratch in
            let setup = try machineSetup(
                "FROM debian:12\nUSER 5\nSTOPSIGNAL RTMAX-3\nHEALTHCHECK --start-period=1500ms CMD true\nCMD [\"x\", \"%i\"]"
            )
            let machine = try await RelocatedMachine(setup, below: scratch.path)
            let units = setup.files.map(\.path).filter { $0.hasPrefix("/etc/systemd/") }
            #expect(units.count == 3)
            let result = try await CommandRun.run(["systemd-analyze", "verify"] + units.map(machine.relocate))
            #expect(result.status == 0)
            #expect(!(result.output + result.errors).contains("replay-"), "\(result.errors)")
        }
    }

    @Test(arguments: ["run.sh", "health.sh", "setup.sh"], ["dash", "bash", "busybox sh"])
    func `every shell can read the programs`(program: String, shell: String) async throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/MachineServices/Guest/\(program)")
        let result = try await CommandRun.run(shell.split(separator: " ").map(String.init) + ["-n", sources.path])
        #expect(result.status == 0 && result.errors == "")
    }

    @Test func `logins get ENV, and keep their PATH`() async throws {
        try await ScratchDirectory.with { scratch in
            let setup = try machineSetup(
                "FROM debian:12\nENV PATH=/opt/a:$PATH:/opt/z GREETING=\"it's \\$fine\" LD_PRELOAD=/x.so")
            let machine = try await RelocatedMachine(setup, below: scratch.path)
            let profile = machine.relocate("/etc/profile.d/50-replay.sh")
            let result = try await CommandRun.run(
                [
                    "sh", "-c",
                    #"PATH=/usr/bin:/bin:/usr/games; . "$1"; . "$1"; echo "$PATH|$GREETING|${LD_PRELOAD-unset}""#, "sh",
                    profile,
                ])
            #expect(result.output == "/opt/a:/usr/bin:/bin:/usr/games:/opt/z|it's $fine|unset\n")
        }
    }
}
