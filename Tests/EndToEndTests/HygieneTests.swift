import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// What a real machine must not carry into a template: the capture is refused, with the reason.
@Suite("Hygiene on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct HygieneTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try dockerfile.write(toFile: scratch.path.string + "/Dockerfile", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path.string)
        return scratch
    }

    /// Five ways to spoil a template, by what the refusal says. The last one stops the seal, before there is a disk to audit.
    @Test("what spoils a template is refused, with the rule, the path and the instruction")
    func refusals() async throws {
        let home = try await World.shared.home(of: "hygiene")
        // The key comes back when the machine goes down: after the seal has removed it.
        let scratch = try context(
            """
            FROM debian:12
            RUN printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStop=/bin/touch /etc/ssh/ssh_host_late_key\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/late.service && systemctl --root=/ enable late.service && ln -s /dev/null /run/late && systemctl start late.service
            RUN mkdir -p /root/.ssh && printf '%s\\n' '-----BEGIN OPENSSH PRIVATE KEY-----' >/root/.ssh/id_deploy
            RUN echo 'toor:x:0:0::/root:/bin/sh' >>/etc/passwd && echo 'toor:*:19700:0:99999:7:::' >>/etc/shadow
            RUN printf '\\nPermitEmptyPasswords yes\\n' >/etc/ssh/sshd_config.d/open.conf

            """)
        let build = try await World.run([scratch.path.string, "-t", "spoilt", "--progress", "plain"], home: home)
        #expect(build.status == 6, "\(build.errors)")
        for line in [
            "ssh-host-keys: there are no SSH host keys; /etc/ssh/ssh_host_late_key, by line 2:",
            "private-keys: no home has a private key for SSH; /root/.ssh/id_deploy, by line 3:",
            "one-root: only root has the user number 0; /etc/passwd (user toor), by line 4:",
            "ssh-empty-passwords: the SSH server asks for passwords that are not empty; /etc/ssh/sshd_config.d/open.conf, by line 5:",
        ] { #expect(build.errors.contains(line), "\(line)\n\(build.errors)") }
        let list = try await World.run(["template", "list"], home: home)
        #expect(!list.output.contains("spoilt"))
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("a host key that cannot be removed ends the seal")
    func immutableHostKey() async throws {
        let home = try await World.shared.home(of: "hygiene")
        let scratch = try context("FROM debian:12\nRUN chattr +i /etc/ssh/ssh_host_ed25519_key\n")
        let build = try await World.run([scratch.path.string, "-t", "stuck", "--progress", "plain"], home: home)
        #expect(build.status == 6, "\(build.errors)")
        #expect(build.errors.contains("remove the host keys"), "\(build.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("10,000 files of the last step are captured whole; with the power cut there is no template")
    func lastStep() async throws {
        let home = try await World.shared.home(of: "hygiene")
        let scratch = try context(
            "FROM debian:12\nRUN mkdir /srv/many && cd /srv/many && seq 10000 | split -l 1 -a 4 && sha256sum * >/srv/sums\n"
        )
        let cut = try World.start([scratch.path.string, "-t", "many", "--progress", "plain"], home: home)
        let reached = await cut.waits(for: "waiting for the machine to power off")
        try #require(reached)
        let machine = try #require(try World.leftovers(home: home).first { $0.hasPrefix("process ") })
        let number = try #require(
            machine.split(whereSeparator: { " :".contains($0) }).dropFirst().first.flatMap { Int32($0) })
        kill(number, SIGKILL)
        let refused = await cut.result()
        #expect(refused.status == 6, "\(refused.errors)")
        #expect(try World.leftovers(home: home) == [])

        let build = try await World.run([scratch.path.string, "-t", "many", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        // Without a boot, and by other eyes than ours.
        let raw = scratch("many.raw").string
        _ = try await CommandRun.run(["chmod", "777", scratch.path.string])
        let export = try await World.run(
            ["template", "export", "many", "--format", "raw", "-o", raw, "--progress", "quiet"], home: home)
        try #require(export.status == 0, "\(export.errors)")
        let compare = try await CommandRun.run([
            "sh", "-euc",
            """
            PATH=$PATH:/usr/sbin:/sbin; cd "$1"
            e2fsck -fn "many.raw?offset=1048576" >&2
            debugfs -R 'rdump /srv .' 'many.raw?offset=1048576' 2>/dev/null
            cd srv/many; sha256sum -c --quiet ../sums; ls | wc -l
            """, "sh", scratch.path.string,
        ])
        #expect(compare.status == 0, "\(compare.errors)")
        #expect(compare.output == "10000\n")
    }
}
