import Foundation
import ReplayTestSupport
import SystemPackage
import TemplateAudit
import Testing

/// A small disk with an ext4 root that breaks no rule, for tests to break.
struct AuditDisk: Sendable {
    /// Where the file system is on the disk.
    enum Layout: CaseIterable, Sendable {
        case bare, dos, gpt
    }

    /// A change of the disk's files, made by debugfs(8) without mounting it.
    enum Change: Sendable {
        /// A file with this content, in place of what was there.
        case put(String, String)
        /// No such file.
        case remove(String)
        /// A field of the file's inode.
        case set(String, String, String)
    }

    /// What stands on a good disk.
    static let files = [
        "etc/passwd": """
        root:x:0:0:root:/root:/bin/bash
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
        app:x:1000:1000::/srv/app:/bin/sh

        """,
        "etc/shadow": "root:*:19700:0:99999:7:::\ndaemon:*:19700:0:99999:7:::\napp:!:19700:0:99999:7:::\n",
        "etc/group": "root:x:0:\nsudo:x:27:\n",
        "etc/machine-id": "",
        "etc/hostname": "",
        "etc/hosts": "127.0.0.1 localhost\n",
        "etc/ssh/sshd_config": "#PermitEmptyPasswords yes\nPermitEmptyPasswords no\n",
        "etc/systemd/system/multi-user.target.wants/app.service": "",
        "etc/systemd/system/multi-user.target.wants/replay-host-keys.service": "",
        "etc/systemd/system/getty.target.wants/getty@tty1.service": "",
        "etc/systemd/system/sockets.target.wants/gone.socket": "",
        "etc/systemd/system/timers.target.wants/masked.timer": "",
        "usr/lib/systemd/system/masked.timer": "[Timer]\n",
        "usr/lib/systemd/system/app.service": "[Service]\n",
        "usr/lib/systemd/system/nightly.timer": "[Timer]\n",
        "usr/lib/systemd/system/getty@.service": "[Service]\n",
        "usr/lib/systemd/system/broker.service": "[Service]\n",
        "root/.ssh/authorized_keys": "ssh-ed25519 AAAAdockerfile owner\n",
        "srv/app/data": "data\n",
        "srv/app.conf": "port=1\n",
        "var/log/wtmp": "",
        "var/cache/apt/archives/lock": "",
        "tmp/": "", "var/tmp/": "", "var/mail/": "", "run/lock/": "", "var/lib/apt/lists/partial/": "",
        "var/lib/dhcp/": "",
    ]

    private static let links = [
        "var/lib/dbus/machine-id": "/etc/machine-id",
        "etc/systemd/system/dbus.service": "/lib/systemd/system/broker.service",
        "etc/systemd/system/masked.timer": "/dev/null",
    ]

    let image: FilePath
    private let offset: Int

    /// A good disk that tests copy: the file of `REPLAY_AUDIT_DISK`, a template's disk with its file system 1 MiB on, or a
    /// small one made here.
    private static let master = Task { () async throws -> (disk: AuditDisk, scratch: ScratchDirectory?) in
        if let path = ProcessInfo.processInfo.environment["REPLAY_AUDIT_DISK"] {
            return (AuditDisk(image: FilePath(path), offset: 1 << 20), nil)
        }
        let scratch = try ScratchDirectory()
        return (try await make(in: scratch), scratch)
    }

    /// A copy of the good disk.
    static func copy(in scratch: ScratchDirectory) async throws -> AuditDisk {
        let good = try await master.value.disk
        let disk = AuditDisk(image: scratch("copy.raw"), offset: good.offset)
        try await disk.run("cp --sparse=always \"$3\" \"$1\"", good.image.string)
        return disk
    }

    /// Makes a disk.
    /// - Parameter further: More files, by path without the first slash.
    static func make(
        in scratch: ScratchDirectory, layout: Layout = .dos, further: [String: String] = [:]
    ) async throws -> AuditDisk {
        let root = scratch("root").string
        for (path, text) in files.merging(further, uniquingKeysWith: { $1 }) {
            let full = "\(root)/\(path)"
            let directory = path.hasSuffix("/") ? full : String(full[..<(full.lastIndex(of: "/") ?? full.endIndex)])
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            if !path.hasSuffix("/") { try text.write(toFile: full, atomically: false, encoding: .utf8) }
        }
        for (path, target) in links {
            let full = "\(root)/\(path)"
            let directory = String(full[..<(full.lastIndex(of: "/") ?? full.endIndex)])
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: target)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(root)/etc/shadow")
        let disk = AuditDisk(image: scratch("disk.raw"), offset: layout == .bare ? 0 : 1 << 20)
        try await disk.run(
            """
            truncate -s 10M "$1"
            case $3 in
            dos) printf 'label: dos\\nstart=2048, type=83\\n' | sfdisk -q "$1" ;;
            gpt) printf 'label: gpt\\nstart=14336, size=2048, type=uefi\\nstart=2048, size=12288\\n' | sfdisk -q "$1" ;;
            esac
            mke2fs -q -F -t ext4 -b 1024 -d "$4" -E offset="$2" "$1" 6M
            """, "\(layout)", root)
        return disk
    }

    /// Changes files on the disk.
    func apply(_ changes: [Change]) async throws {
        for change in changes {
            switch change {
            case .put(let path, let text):
                try await write("rm \(path)\n" + directories(above: path).map { "mkdir \($0)\n" }.joined())
                let source = image.removingLastComponent().appending("source").string
                try text.write(toFile: source, atomically: false, encoding: .utf8)
                try await write("write \(source) \(path)\nset_inode_field \(path) mode 0100600")
            case .remove(let path): try await write("rm \(path)")
            case .set(let path, let field, let value): try await write("set_inode_field \(path) \(field) \(value)")
            }
        }
    }

    private func directories(above path: String) -> [String] {
        let names = path.split(separator: "/").dropLast()
        return names.indices.map { "/" + names[...$0].joined(separator: "/") }
    }

    /// Commands that fail, such as the removal of what is not there, are no matter: the audit shows what came of it.
    private func write(_ commands: String) async throws {
        try await run("printf '%s\\n' \"$3\" | debugfs -w -f - \"$1?offset=$2\" >/dev/null 2>&1", commands)
    }

    private func run(_ script: String, _ arguments: String...) async throws {
        let result = try await CommandRun.run(
            ["sh", "-euc", "PATH=$PATH:/usr/sbin:/sbin\n" + script, "sh", image.string, "\(offset)"] + arguments)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Audits the disk with all that a build knows.
    func audit() async throws -> AuditReport {
        var facts = AuditFacts(buildUser: "replay-build", buildUserIdentifier: 60706)
        facts.stateDirectory = "/var/lib/replay-4711"
        facts.buildKey = "AAAAbuildkey"
        facts.hostKeyLines = ["b3BlbnNzaC1rZXk"]
        facts.secrets = ["s3cr3t-value"]
        facts.enabledUnits = ["app.service", "getty@.service", "broker.service"]
        return try await audit(facts: facts)
    }

    /// Audits the disk.
    func audit(facts: AuditFacts) async throws -> AuditReport {
        let reader = try await ExtDisk.open(image, searchPath: "/usr/bin:/bin")
        return try await Auditor(reader: reader, facts: facts).audit(bytes: image)
    }
}
