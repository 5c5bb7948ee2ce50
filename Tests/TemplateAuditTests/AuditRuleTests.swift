import ReplayTestSupport
import SystemPackage
import TemplateAudit
import Testing

/// Each rule is broken on a copy of a good disk, and found.
@Suite("The rules of the audit")
struct AuditRuleTests {
    @Test("there are at least forty, each with a name of its own, and each is broken below")
    func allAreBroken() {
        let names = AuditRules.all.map(\.id)
        #expect(names.count >= 40)
        #expect(Set(names).count == names.count)
        #expect(Set(Breach.all.map(\.rule)) == Set(names))
    }

    @Test("a good disk breaks none", arguments: AuditDisk.Layout.allCases)
    func goodDisk(layout: AuditDisk.Layout) async throws {
        let scratch = try ScratchDirectory()
        let disk = try await AuditDisk.make(in: scratch, layout: layout)
        let report = try await disk.audit()
        #expect(report.findings == [])
        #expect(report.skipped == [])
        #expect(report.rules == AuditRules.all.count)
    }

    @Test("each rule finds its breach, and names the place", arguments: Breach.all)
    func breach(_ breach: Breach) async throws {
        let scratch = try ScratchDirectory()
        let disk = try await AuditDisk.copy(in: scratch)
        try await disk.apply(breach.changes)
        let report = try await disk.audit()
        let finding = try #require(
            report.findings.first { $0.rule == breach.rule && $0.path == breach.path }, "\(report.findings)")
        #expect(report.refusals.contains(finding) == (finding.severity == .refuse))
    }

    @Test("what is not known is skipped, and said so")
    func skipped() async throws {
        let scratch = try ScratchDirectory()
        let disk = try await AuditDisk.make(in: scratch)
        var facts = AuditFacts(buildUser: "replay-build", buildUserIdentifier: 60706)
        facts.wasSealed = false
        let report = try await disk.audit(facts: facts)
        #expect(report.findings == [])
        #expect(
            Set(report.skipped) == [
                "build-key", "host-keys-unit", "enabled-units", "host-key-residue", "build-key-residue",
            ])
    }

    @Test("names with line ends, spaces and quotes are read as names")
    func oddNames() async throws {
        let scratch = try ScratchDirectory()
        let disk = try await AuditDisk.make(
            in: scratch, further: ["srv/a\n/2/100644/0/0/b/1/": "x", "srv/\"q\" <13>": "y", "tmp/two\nlines": "z"])
        let report = try await disk.audit()
        #expect(report.findings.map(\.path) == ["/tmp/two\nlines"])
    }

    @Test("a disk without a file system that can be read is refused, not passed")
    func unknownFileSystem() async throws {
        let scratch = try ScratchDirectory()
        let image = try scratch.write([UInt8](repeating: 0, count: 1 << 20), to: "disk.raw")
        await #expect { _ = try await ExtDisk.open(image, searchPath: "/usr/bin") } throws: {
            ($0 as? AuditError)?.code == .unknownFileSystem
        }
    }
}

/// A way to break a rule.
struct Breach: Sendable, CustomTestStringConvertible {
    var rule: String
    var path: String?
    var changes: [AuditDisk.Change]
    var testDescription: String { rule }

    /// A file that must not be there, or must not hold this.
    init(_ rule: String, _ path: String, holds text: String = "x\n") {
        (self.rule, self.path, changes) = (rule, path, [.put(path, text)])
    }

    init(_ rule: String, at path: String?, _ changes: [AuditDisk.Change]) {
        (self.rule, self.path, self.changes) = (rule, path, changes)
    }

    private static let passwd = AuditDisk.files["etc/passwd"] ?? ""
    private static let shadow = AuditDisk.files["etc/shadow"] ?? ""

    static let all: [Breach] = [
        Breach("machine-id", "/etc/machine-id", holds: "0123456789abcdef0123456789abcdef\n"),
        Breach("machine-id", at: "/etc/machine-id", [.remove("/etc/machine-id")]),
        Breach("dbus-machine-id", "/var/lib/dbus/machine-id", holds: "0123456789abcdef0123456789abcdef\n"),
        Breach("ssh-host-keys", "/etc/ssh/ssh_host_ed25519_key"),
        Breach("dropbear-host-keys", "/etc/dropbear/dropbear_rsa_host_key"),
        Breach(
            "host-keys-unit", at: "/etc/systemd/system/multi-user.target.wants/replay-host-keys.service",
            [.remove("/etc/systemd/system/multi-user.target.wants/replay-host-keys.service")]),
        Breach("hostname", "/etc/hostname", holds: "build-7\n"),
        Breach("hosts", "/etc/hosts", holds: "127.0.1.1 replay-build\n"),
        Breach("random-seed", "/var/lib/systemd/random-seed"),
        Breach("loader-seed", "/boot/efi/loader/random-seed"),
        Breach("credential-secret", "/var/lib/systemd/credential.secret"),
        Breach("azure-agent", "/var/lib/waagent/ovf-env.xml"),
        Breach(
            "build-user", "/etc/passwd", holds: passwd + "replay-build:x:60706:100::/var/lib/replay-build:/bin/sh\n"),
        Breach("build-user-shadow", "/etc/gshadow", holds: "sudo:!::replay-build\n"),
        Breach("build-user-backups", "/etc/group-", holds: "sudo:x:27:replay-build\n"),
        Breach("build-user-sudo", "/etc/sudoers.d/90-cloud-init-users", holds: "replay-build ALL=(ALL) NOPASSWD:ALL\n"),
        Breach("build-user-home", "/var/lib/replay-build", holds: ""),
        Breach("build-user-crumbs", "/var/spool/cron/crontabs/replay-build"),
        Breach(
            "build-user-files", at: "/srv/app.conf",
            [.put("/srv/app.conf", "x"), .set("/srv/app.conf", "uid", "60706")]),
        Breach(
            "build-key", at: "/srv/app/.ssh/authorized_keys",
            [.put("/etc/passwd", passwd), .put("/srv/app/.ssh/authorized_keys", "ssh-ed25519 AAAAbuildkey comment\n")]),
        Breach("supervisor", "/var/lib/replay-4711"),
        Breach(
            "policy-rc", "/usr/sbin/policy-rc.d", holds: "#!/bin/sh\n# installed by replay for the build\nexit 101\n"),
        Breach("policy-rc-backup", "/usr/sbin/policy-rc.d.before-replay"),
        Breach("run", "/run/replay/left"),
        Breach("cloud-state", "/var/lib/cloud/instance", holds: ""),
        Breach("cloud-logs", "/var/log/cloud-init.log", holds: ""),
        Breach("cloud-netplan", "/etc/netplan/50-cloud-init.yaml"),
        Breach("cloud-interfaces", "/etc/network/interfaces.d/50-cloud-init"),
        Breach("cloud-networkd", "/etc/systemd/network/10-cloud-init-eth0.network"),
        Breach("cloud-networkmanager", "/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection"),
        Breach("dhcp-leases", "/var/lib/dhcp/dhclient.ens3.leases"),
        Breach("networkd-state", "/var/lib/systemd/network/lease"),
        Breach("networkmanager-state", "/var/lib/NetworkManager/secret_key"),
        Breach("udev-net-rules", "/etc/udev/rules.d/70-persistent-net.rules"),
        Breach("network-hwaddr", "/etc/sysconfig/network-scripts/ifcfg-eth0", holds: "HWADDR=52:54:00:12:34:56\n"),
        Breach("swap", "/swapfile"),
        Breach("crash-dumps", "/var/lib/systemd/coredump/core.sh.0.zst"),
        Breach("core-files", "/root/core"),
        Breach("kerberos", "/etc/krb5.keytab"),
        Breach("ipa", "/etc/ipa/default.conf"),
        Breach("subscription", "/etc/pki/consumer/cert.pem"),
        Breach("sudo-stamps", "/var/lib/sudo/lectured/app", holds: ""),
        Breach("at-jobs", "/var/spool/cron/atjobs/a0000101a2b3c4"),
        Breach("mail", "/var/mail/root"),
        Breach("mail-queues", "/var/spool/postfix/deferred/4/4711"),
        Breach("journal", "/var/log/journal/0123/system.journal"),
        Breach("logs", "/var/log/apt/history.log"),
        Breach("logins", "/var/log/wtmp"),
        Breach("accounting", "/var/log/account/pacct"),
        Breach("histories", "/root/.bash_history"),
        Breach("tmp", "/var/tmp/left", holds: ""),
        Breach("apt-lists", "/var/lib/apt/lists/deb.example_Packages"),
        Breach("apt-archives", "/var/cache/apt/archives/sl_5.02_amd64.deb"),
        Breach("rpm-caches", "/var/cache/dnf/fedora/repomd.xml"),
        Breach("one-root", "/etc/passwd", holds: passwd + "toor:x:0:0::/root:/bin/sh\n"),
        Breach("user-names", "/etc/passwd", holds: passwd + "app:x:1001:1001::/srv/app:/bin/sh\n"),
        Breach("user-tables", "/etc/passwd", holds: passwd + "ghost:x:1002:1002::/srv/ghost:/bin/sh\n"),
        Breach("empty-passwords", at: "/etc/passwd", [.put("/etc/shadow", shadow.replacing("app:!:", with: "app::"))]),
        Breach(
            "passwords", at: "/etc/passwd", [.put("/etc/shadow", shadow.replacing("app:!:", with: "app:$y$j9T$h:"))]),
        Breach("private-keys", "/root/.ssh/id_ed25519", holds: "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        Breach("shadow-permissions", at: "/etc/shadow", [.set("/etc/shadow", "mode", "0100644")]),
        Breach("table-permissions", at: "/etc/passwd", [.set("/etc/passwd", "mode", "0100666")]),
        Breach("ssh-empty-passwords", "/etc/ssh/sshd_config", holds: "Port 22\nPermitEmptyPasswords yes\n"),
        Breach(
            "enabled-units", at: "/etc/systemd/system/timers.target.wants/nightly.timer",
            [
                .put("/usr/lib/systemd/system/nightly.timer", "[Timer]\n"),
                .put("/etc/systemd/system/timers.target.wants/nightly.timer", ""),
            ]),
        Breach("enabled-units", at: nil, [.remove("/etc/systemd/system/multi-user.target.wants/app.service")]),
        // The content of a removed file stays where it was, in what is free space now.
        Breach("secret-residue", at: nil, [.put("/srv/x", "token=s3cr3t-value\n"), .remove("/srv/x")]),
        Breach("host-key-residue", at: nil, [.put("/srv/x", "b3BlbnNzaC1rZXk\n"), .remove("/srv/x")]),
        Breach("build-key-residue", at: nil, [.put("/srv/x", "AAAAbuildkey\n"), .remove("/srv/x")]),
    ]
}
