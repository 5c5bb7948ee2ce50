import Basemaps
import Capture
import Clouds
import FoundationEssentials
import GuestSupervisor
import MachineServices
import ReplayEngine
import ReplayEvents
import ReplayPlan
import SSHTransport
import Store
import SystemPackage
import TemplateAudit
import Templates

/// One build from the base image to the published template.
struct BuildSession: Sendable {
    let workshop: Workshop
    let planned: PlannedBuild
    let reference: TemplateReference
    let machine: MachineOptions
    let limits: TimeLimits
    let keepsOnError: Bool
    let keepsPackageCaches: Bool
    let servicePolicy: ServicePolicy
    let verifies: Bool
    let events: EventHandler

    /// Builds. Whatever happens, nothing of the machine is left, unless it was asked for.
    func run() async throws -> Template {
        let plan = planned.plan
        events(.buildStarted(name: reference.description, steps: plan.steps.count))
        for warning in plan.warnings { events(.warning(warning.text)) }
        let setup = try machineSetup()
        for notice in setup.notices { events(.warning(notice)) }
        try await workshop.driver.preflight()
        try ExtDisk.tool(searchPath: workshop.searchPath)

        let request = MachineRequest(
            name: reference.description, purpose: .build, options: machine, user: GuestAccess.buildUser,
            keepsOnError: keepsOnError)
        let base = LaunchedBase()
        return try await workshop.withMachine(
            request, label: "boot \(plan.base.distribution) \(plan.base.release)", events: events,
            source: { _ in .image(try await prepareBase(base)) },
            seed: { CloudConfig.build($0, access: $1) },
            connect: { try await startSupervisor(on: $0) },
            body: { machine, replayer in
                do {
                    let (results, report) = try await workshop.whileRunning(machine.instance) {
                        try await replayer.prepare()
                        let results = try await replayer.run(
                            plan, archives: ContextArchives(planned.context, manifest: planned.manifest),
                            timeout: limits.step)
                        return (results, try await install(setup, with: replayer))
                    }
                    try await seal(machine, replayer)
                    return try await capture(machine) { image in
                        var record = record(of: machine, base: base.image, results: results, image: image)
                        record.note(setup, report)
                        return record
                    }
                } catch {
                    // Or else it would try to connect again to a machine that is about to be destroyed.
                    await uncancelled { try? await replayer.finish(remove: false) }
                    throw error
                }
            })
    }

    /// Carries the base's image from where it is found to where it is recorded.
    private final class LaunchedBase {
        var image: CloudImage?
    }

    private func prepareBase(_ base: LaunchedBase) async throws -> CloudImage {
        let image = try await task("base", "base image for \(planned.plan.base.reference)", events: events) {
            try await workshop.driver.prepareBase(planned.plan.base, task: "base", events: events)
        }
        base.image = image
        return image
    }

    private func startSupervisor(on machine: Machine) async throws -> Replayer {
        var options = SupervisorOptions(build: machine.build.id.text)
        options.connectTimeout = .seconds(self.machine.bootTimeout)
        options.reconnectTimeout = .seconds(limits.reconnect)
        return try await Replayer.start(machine.connector, options: options, log: machine.build.log, events: events)
    }

    /// What the machine gets when its steps are done. The bases of the basemaps bring no command: what there is was replayed.
    private func machineSetup() throws -> MachineSetup {
        try MachineSetup(
            name: reference.name, config: planned.plan.config, steps: planned.plan.steps, policy: servicePolicy,
            commandIsReplayed: true)
    }

    private func install(_ setup: MachineSetup, with replayer: Replayer) async throws -> SetupReport {
        let report = SetupReport(
            try await replayer.perform(
                setup.script, id: "install", label: setup.service == nil ? "finish the machine" : "install the service")
        )
        for unit in report.displacedUnits {
            events(.notice("\(unit) is disabled: \(MachineService.unit) runs the same program"))
        }
        return report
    }

    private func seal(_ machine: Machine, _ replayer: Replayer) async throws {
        try await task("seal", "seal the machine", events: events) {
            let script = SealScript(
                nonce: BuildID.random().text, buildUser: GuestAccess.buildUser, publicKey: machine.publicKey,
                stateDirectory: SupervisorOptions(build: machine.build.id.text).stateDirectory,
                keepsPackageCaches: keepsPackageCaches)
            try await Sealer(driver: workshop.driver).seal(
                machine.instance, with: script, task: "seal", events: events
            ) { launcher in
                let step = SupervisedStep(
                    id: "seal", script: GuestPreparation.restoreScript + launcher, isolation: .host)
                let result = try await replayer.guest.run(step)
                guard result.succeeded else {
                    throw CaptureError(.sealFailed, "The seal's start ended with \(result.end).")
                }
                try await replayer.finish(remove: true)
            }
        }
    }

    /// Captures the machine, and makes it a template when its disk, and its copies where that was asked for, are as they
    /// must be.
    private func capture(_ machine: Machine, record: (CloudImage) -> TemplateRecord) async throws -> Template {
        let library = TemplateLibrary(workshop.store)
        let prepared = try library.prepare()
        do {
            let image = try await task("capture", "capture \(reference)", events: events) {
                try await workshop.driver.capture(
                    machine.instance,
                    as: CaptureRequest(destination: prepared.directory.string, name: reference.description),
                    ledger: workshop.store.ledger, task: "capture", events: events)
            }
            var record = record(image)
            try await audit(image, of: machine, &record)
            if verifies {
                let verification = TemplateVerification(
                    workshop: workshop, image: image, record: record, options: self.machine, buildKey: machine.userKey,
                    buildHostKey: machine.hostKey.publicKey, events: events)
                record.verification = try await verification.requirePassed()
            }
            return try await library.add(prepared, image: image, record: record)
        } catch {
            prepared.discard()
            throw error
        }
    }

    private func audit(_ image: CloudImage, of machine: Machine, _ record: inout TemplateRecord) async throws {
        var facts = AuditFacts(record)
        facts.hostKeyLines = machine.hostKey.privateKey.secretLines
        // Both keys have one comment, and so perhaps the last line in common.
        let shared = facts.hostKeyLines
        facts.secrets = machine.userKey.privateKey.secretLines.filter { !shared.contains($0) }
        let report = try await task("audit", "audit the captured disk", events: events) {
            let report = try await workshop.audit(
                image, facts: facts, build: machine.build.id, directory: machine.build.workDirectory, task: "audit",
                events: events
            ).attributed(by: record)
            guard report.passed else {
                throw CaptureError(
                    .auditFailed, "The captured disk is not fit to be a template: \(report.refusals.count) findings.",
                    context: report.refusals.map(\.text))
            }
            return report
        }
        record.audit = report
    }

    private func record(
        of machine: Machine, base: CloudImage?, results: [StepResult], image: CloudImage
    ) -> TemplateRecord {
        let plan = planned.plan
        let link = ChainLink(
            reference: plan.base.reference, method: "basemap", resolved: base?.origin ?? plan.base.row,
            digest: base?.digest)
        var record = TemplateRecord(
            identifier: "", name: reference, build: machine.build.id, created: Date(),
            image: ImageRecord(cloud: image.cloud, reference: image.reference, digest: image.digest, size: nil),
            architecture: plan.base.architecture, dockerfile: planned.dockerfile, chain: [link],
            steps: zip(plan.steps, results).map { StepRecord($0, seconds: $1.duration.seconds) }, config: plan.config,
            buildArguments: planned.buildArguments, warnings: plan.warnings, versions: ["replay": ReplayProgram.version]
        )
        record.tests = planned.tests.isEmpty ? nil : planned.tests
        record.buildKey = machine.userKey.publicKey.word
        record.keepsPackageCaches = keepsPackageCaches ? true : nil
        return record
    }
}

extension TemplateRecord {
    /// Notes what the machine was given, and what its units were like then.
    fileprivate mutating func note(_ setup: MachineSetup, _ report: SetupReport) {
        service = setup.service.map { service in
            ServiceRecord(
                unit: MachineService.unit, enabled: service.isEnabled, arguments: service.arguments, user: service.user,
                healthTimer: service.hasHealthCheck ? MachineService.healthTimer : nil,
                displacedUnits: report.displacedUnits)
        }
        enabledUnits = report.enabledUnits
        failedUnits = report.failedUnits
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
