import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// What a real machine must not carry into a template: the capture is refused, with the reason. And the disks of templates.
@Suite("Hygiene on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct HygieneTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try dockerfile.write(toFile: scratch.path.string + "/Dockerfile", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path.string)
        return scratch
    }

    /// The number of the QEMU process of the home's one machine, as soon as it runs, or its guest has printed something.
    private func machine(home: String, hasBegun: Bool = false) async throws -> Int32 {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let found = try World.leftovers(home: home)
            let process = found.first { $0.hasPrefix("process ") }
            let isThere = !hasBegun || found.contains { hasPrinted($0) }
            if let process, isThere { return try #require(Int32(process.dropFirst(8).prefix(while: \.isNumber))) }
            try await Task.sleep(for: .milliseconds(50))
        }
        let none: Int32? = nil
        return try #require(none, "no machine ran, or printed anything, within a minute")
    }

    private func hasPrinted(_ machine: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: machine + "/console.log")
        return (attributes?[.size] as? Int ?? 0) > 0
    }

    @Test("what spoils a template is refused, with the rule, the path and the instruction")
    func refusals() async throws {
        let home = try await World.shared.home(of: "hygiene")
        // The key comes back when the machine goes down: after the seal has removed it. A step's own systemctl starts nothing.
        let scratch = try context(
            """
            FROM debian:12
            RUN <<END
            cat >/etc/systemd/system/late.service <<UNIT
            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart=/bin/true
            ExecStop=/bin/touch /etc/ssh/ssh_host_late_key
            UNIT
            manager=org.freedesktop.systemd1
            busctl call "$manager" /org/freedesktop/systemd1 "$manager.Manager" StartUnit ss late.service replace
            END
            RUN mkdir -p /root/.ssh && printf '%s\\n' '-----BEGIN OPENSSH PRIVATE KEY-----' >/root/.ssh/id_deploy
            RUN echo 'toor:x:0:0::/root:/bin/sh' >>/etc/passwd && echo 'toor:*:19700:0:99999:7:::' >>/etc/shadow
            RUN printf '\\nPermitEmptyPasswords yes\\n' >/etc/ssh/sshd_config.d/open.conf

            """)
        let build = try await World.run([scratch.path.string, "-t", "spoilt", "--progress", "plain"], home: home)
        #expect(build.status == 6, "\(build.errors)")
        for line in [
            "ssh-host-keys: there are no SSH host keys; /etc/ssh/ssh_host_late_key",
            "private-keys: no home has a private key for SSH; /root/.ssh/id_deploy, by line 13:",
            "one-root: only root has the user number 0; /etc/passwd (user toor), by line 14:",
            "ssh-empty-passwords: the SSH server asks for passwords that are not empty; /etc/ssh/sshd_config.d/open.conf, by line 15:",
        ] { #expect(build.errors.contains(line), "\(line)\n\(build.errors)") }
        let list = try await World.run(["template", "list"], home: home)
        #expect(!list.output.contains("spoilt"))
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("a machine that dies while it boots is started once more; a host key that cannot be removed ends the seal")
    func immutableHostKey() async throws {
        let home = try await World.shared.home(of: "hygiene")
        let scratch = try context("FROM debian:12\nRUN chattr +i /etc/ssh/ssh_host_ed25519_key\n")
        let build = try World.start([scratch.path.string, "-t", "stuck", "--progress", "plain"], home: home)
        kill(try await machine(home: home, hasBegun: true), SIGSEGV)
        let result = await build.result()
        #expect(result.errors.contains("It is started once more."), "\(result.errors)")
        #expect(result.status == 6, "\(result.errors)")
        #expect(result.errors.contains("remove the host keys"), "\(result.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test(
        "10,000 files of the last step are captured whole, exported and imported; with the power cut there is no template"
    )
    func lastStep() async throws {
        let home = try await World.shared.home(of: "hygiene")
        let scratch = try context(
            "FROM debian:12\nRUN mkdir /srv/many && cd /srv/many && seq 10000 | split -l 1 -a 4 && sha256sum * >/srv/sums\n"
        )
        _ = try await CommandRun.run(["chmod", "777", scratch.path.string])
        let cut = try World.start([scratch.path.string, "-t", "many", "--progress", "plain"], home: home)
        let reached = await cut.waits(for: "waiting for the machine to power off")
        try #require(reached)
        kill(try await machine(home: home), SIGKILL)
        let refused = await cut.result()
        #expect(refused.status == 6, "\(refused.errors)")
        #expect(try World.leftovers(home: home) == [])

        let build = try await World.run([scratch.path.string, "-t", "many", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        // Without a boot, and by other eyes than ours.
        for format in ["raw", "vmdk"] {
            let export = try await World.run(
                [
                    "template", "export", "many", "--format", format, "-o", scratch("many.\(format)").string,
                    "--progress",
                    "quiet",
                ], home: home)
            try #require(export.status == 0, "\(export.errors)")
        }
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

        let imported = try await World.run(
            ["template", "import", scratch("many.vmdk").string, "-t", "again", "--progress", "quiet"], home: home)
        try #require(imported.status == 0, "\(imported.errors)")
        let look = try await World.run(
            [
                "template", "run", "again", "--", "sh", "-c",
                "cd /srv/many && sha256sum -c --quiet ../sums && ls | wc -l",
            ],
            home: home)
        #expect(look.output == "10000\n", "\(look.errors)")
    }

    @Test("a disk that only a kernel can read is audited by a machine that mounts it", .enabled(if: getuid() == 0))
    func otherFileSystem() async throws {
        let home = try await World.shared.home(of: "hygiene")
        let scratch = try context("")
        let made = try await CommandRun.run([
            "sh", "-euc",
            """
            PATH=$PATH:/usr/sbin:/sbin; cd "$1"
            truncate -s 400M disk.raw && echo '2048,,83,*' | sfdisk -q disk.raw
            device=$(losetup -f --show -o 1048576 disk.raw)
            trap 'umount mount 2>/dev/null; losetup -d "$device"' EXIT
            mkfs.xfs -q "$device" && mkdir mount && mount "$device" mount && cd mount
            mkdir -p etc/ssh root/.ssh usr/sbin && : >etc/machine-id && echo x >'root/.ssh/id_two
            lines' && echo '-----BEGIN OPENSSH PRIVATE KEY-----' >root/.ssh/id_deploy && chown 4711 root/.ssh/id_deploy
            printf 'root:x:0:0:root:/root:/bin/sh\\n' >etc/passwd && printf 'root:*:19700:0:99999:7:::\\n' >etc/shadow
            chmod 640 etc/shadow && ln -s /etc/machine-id usr/sbin/link && cd .. && chmod 644 disk.raw
            """, "sh", scratch.path.string,
        ])
        try #require(made.status == 0, "\(made.errors)")
        let imported = try await World.run(
            ["template", "import", scratch("disk.raw").string, "-t", "xfs", "--progress", "quiet"], home: home)
        try #require(imported.status == 0, "\(imported.errors)")
        let audit = try await World.run(["template", "audit", "xfs", "--json"], home: home)
        #expect(audit.status == 6, "\(audit.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(audit.output.utf8)) as? [String: Any])
        #expect(report["method"] as? String == "xfs, mounted by another machine")
        let findings = try #require(report["findings"] as? [[String: Any]])
        #expect(findings.map { $0["rule"] as? String } == ["private-keys"], "\(findings)")
        #expect(findings.map { $0["path"] as? String } == ["/root/.ssh/id_deploy"], "\(findings)")
        #expect(try World.leftovers(home: home) == [])
    }
}
