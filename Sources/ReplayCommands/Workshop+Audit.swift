import Basemaps
import Clouds
import FoundationEssentials
import GuestSupervisor
import RemoteHosts
import ReplayEvents
import ReplayPlan
import SSHTransport
import Store
import SystemPackage
import TemplateAudit
import Templates

extension Workshop {
    /// Audits an image's disk.
    /// - Parameter directory: Where the disk's bytes are unpacked for a moment; in the ledger for this build.
    func audit(
        _ image: CloudImage, facts: AuditFacts, build: BuildID, directory: FilePath, task: TaskID,
        events: @escaping EventHandler
    ) async throws -> AuditReport {
        let disk = directory.appending("audit.raw")
        defer { try? FileManager.default.removeItem(atPath: disk.string) }
        try await driver.export(
            image, as: .raw, to: disk.string, build: build, ledger: store.ledger, task: task, events: events)
        do {
            let reader = try await ExtDisk.open(disk, searchPath: searchPath)
            return try await Auditor(reader: reader, facts: facts).audit(bytes: disk)
        } catch let error as AuditError where error.code == .unknownFileSystem {
            return try await auditMounted(disk, facts: facts, events: events)
        }
    }

    /// Audits a disk that only a kernel can read: a machine of a base that knows many file systems gets it to read.
    private func auditMounted(
        _ disk: FilePath, facts: AuditFacts, events: @escaping EventHandler
    ) async throws -> AuditReport {
        let base = try BasemapTables.load(files: [], environment: environment).resolve(
            Self.auditBase, cloud: driver.name, architecture: Platform.thisMachine.architecture)
        let request = MachineRequest(
            name: "audit", purpose: .boot, options: try MachineOptions.standard(), attachedDisks: [disk.string],
            user: "root")
        return try await withRootMachine(
            request, task: "boot-audit", label: "boot a machine that reads the disk", hostName: "replay-audit",
            events: events,
            source: { try await driver.prepareBase(base, task: "boot-audit", events: events) },
            body: { _, host in
                let reader = try await MountedDisk.mount(InstanceSpec.device(ofAttachedDisk: 0)) { script, input in
                    let command = RemoteCommand("exec /bin/sh -c \(ShellQuoting.quoted(script))")
                    let answer = try await host.capture(command, input: BytesInput(input))
                    guard answer.status == .exited(0) else {
                        throw AuditError(
                            .unreadable,
                            "The disk cannot be read by the machine that has mounted it: \(answer.status).",
                            context: answer.errorText.split(separator: "\n").suffix(10).map(String.init))
                    }
                    return answer.standardOutput
                }
                return try await Auditor(reader: reader, facts: facts).audit(bytes: disk)
            })
    }

    /// The base of the machine that mounts what this machine cannot read.
    private static let auditBase = "debian:12"

    /// Runs the body with a directory of its own, which is in the ledger before it exists, and removes it.
    func withScratch<Result>(
        for name: String, events: @escaping EventHandler, _ body: (BuildID, FilePath) async throws -> Result
    ) async throws -> Result {
        let build = try await store.builds.begin(name: name, purpose: .boot)
        do {
            let directory = build.workDirectory
            let entry = try await store.ledger.intend(
                Resource(cloud: driver.name, kind: .directory, build: build.id, token: directory.string))
            try FileManager.default.createDirectory(
                atPath: directory.string, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try await store.ledger.confirm(entry, reference: nil)
            let result = try await body(build.id, directory)
            await finish(build, as: .done, events: events)
            return result
        } catch {
            await finish(build, as: .failed, events: events)
            throw error
        }
    }
}

extension AuditFacts {
    /// What a template's record tells of its making.
    init(_ record: TemplateRecord) {
        self.init(buildUser: GuestAccess.buildUser, buildUserIdentifier: GuestAccess.buildUserIdentifier)
        stateDirectory = record.build.map { SupervisorOptions(build: $0.text).stateDirectory }
        buildKey = record.buildKey
        enabledUnits = record.enabledUnits
        keepsPackageCaches = record.keepsPackageCaches ?? false
        wasSealed = record.build != nil
    }
}

extension AuditReport {
    /// The report with the instructions that made what was found, where they are known.
    func attributed(by record: TemplateRecord) -> AuditReport {
        var report = self
        for index in report.findings.indices {
            report.findings[index].instruction = report.findings[index].path.flatMap(record.instruction(thatMade:))
        }
        return report
    }
}

extension SSHPrivateKey {
    /// The lines that no other key has. The first one of an unencrypted ed25519 key is the same for all (PROTOCOL.key of
    /// OpenSSH: names of the cipher and of the type).
    var secretLines: [String] {
        text.split(separator: "\n").filter { !$0.hasPrefix("-----") }.dropFirst().map(String.init)
    }
}

extension SSHPublicKey {
    /// The base64 word of the key's line.
    var word: String { description.split(separator: " ").dropFirst().first.map(String.init) ?? description }
}
