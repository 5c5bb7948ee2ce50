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
import SystemCalls
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
    let notes: BuildNotes
    let events: EventHandler

    /// Builds. Whatever happens, nothing of the machine is left, unless it was asked for.
    func run() async throws -> Template {
        let plan = planned.plan
        try begin()
        try await workshop.driver.preflight()

        let request = MachineRequest(
            name: reference.description, purpose: .build, options: machine, user: GuestAccess.buildUser,
            keepsOnError: keepsOnError)
        return try await workshop.withMachine(
            request, label: "boot \(plan.base.distribution) \(plan.base.release)", events: events,
            source: { _ in .image(try await prepareBase()) },
            seed: { CloudConfig.build($0, access: $1) },
            launched: { machine in
                try notes.change(for: machine.build) { $0.note(machine) }
                CrashPoint.resumptionNoted.pass()
            },
            connect: { try await startSupervisor(on: $0) },
            body: { try await complete($0, with: $1) })
    }

    /// Goes on with a build that another process has begun, and that this one has adopted.
    func resume(_ build: RunningBuild) async throws -> Template {
        let found: (machine: Machine, replayer: Replayer?)
        do {
            if let template = try await TemplateLibrary(workshop.store).list().first(where: { $0.build == build.id }) {
                // Only the end of the machine was missing.
                await workshop.finish(build, as: .done, events: events)
                return template
            }
            try begin()
            let machine = try notes.current.machine(of: build, in: workshop)
            try notes.change(for: build) { $0.takeovers += 1 }
            found = (machine, try await takeOver(machine))
        } catch {
            // As it was found: the machine may be out of reach for now, or the Dockerfile not ready yet.
            try await build.giveBack()
            throw error
        }
        return try await workshop.concluding(build, events: events) { login in
            if keepsOnError { login = KeptLogin(found.machine, user: GuestAccess.buildUser) }
            guard let replayer = found.replayer else { return try await capture(sealed: found.machine) }
            do { return try await complete(found.machine, with: replayer) } catch let error as ReplayError {
                // A slip of the editor is no reason to lose the machine.
                if error.code == .changedStep { login = KeptLogin(found.machine, user: GuestAccess.buildUser) }
                throw error
            }
        }
    }

    private func begin() throws {
        events(.buildStarted(name: reference.description, steps: planned.plan.steps.count))
        for warning in planned.plan.warnings { events(.warning(warning.text)) }
        for notice in try machineSetup().notices { events(.warning(notice)) }
        guard workshop.driver.capabilities.localImages else {
            guard !verifies else { throw TemplateVerification.needsConsole(workshop.driver) }
            return
        }
        try ExtDisk.tool(searchPath: workshop.searchPath)
    }

    private func prepareBase() async throws -> CloudImage {
        let image = try await task("base", "base image for \(planned.plan.base.reference)", events: events) {
            try await workshop.driver.prepareBase(planned.plan.base, task: "base", events: events)
        }
        notes.base = image
        return image
    }

    private func startSupervisor(on machine: Machine) async throws -> Replayer {
        var options = SupervisorOptions(build: machine.build.id.text)
        options.connectTimeout = .seconds(self.machine.bootTimeout)
        options.reconnectTimeout = .seconds(limits.reconnect)
        let replayer = try await Replayer.start(
            machine.connector, options: options, log: machine.build.log,
            progress: try BuildProgress(readingFrom: machine.build.progress), events: events)
        CrashPoint.supervisorStarted.pass()
        return replayer
    }

    /// Connects to a machine that another process has started.
    /// - Returns: nil for one that is being sealed, or is already: nobody can log in there.
    private func takeOver(_ machine: Machine) async throws -> Replayer? {
        try await task("boot", "connect to the machine again", events: events) {
            if let seal = notes.current.seal, try await machine.sealHasBegun() {
                guard seal.source == source else {
                    throw UsageError(
                        "The machine is sealed, and the Dockerfile or a file that it copies has changed since: undo the change to finish the build, or begin a new one."
                    )
                }
                return nil
            }
            return try await startSupervisor(on: machine)
        }
    }

    /// Tells what is replayed from anything else.
    private var source: [String] { [planned.dockerfile.digest, planned.plan.steps.last?.digest ?? ""] }

    /// Runs what is left of the plan, and makes a template of the machine.
    private func complete(_ machine: Machine, with replayer: Replayer) async throws -> Template {
        do {
            let plan = planned.plan
            let (results, report) = try await workshop.whileRunning(machine.instance) {
                try await replayer.prepare()
                let results = try await replayer.resume(
                    plan, archives: ContextArchives(planned.context, manifest: planned.manifest), timeout: limits.step)
                CrashPoint.stepsDone.pass()
                return (results, try await install(try machineSetup(), with: replayer))
            }
            CrashPoint.serviceInstalled.pass()
            let seal = Resumption.Seal(
                source: source, nonce: BuildID.random().text, seconds: results.map(\.duration.seconds), report: report)
            try notes.change(for: machine.build) { $0.seal = seal }
            CrashPoint.sealNoted.pass()
            try await self.seal(machine) { launcher in
                let step = SupervisedStep(
                    id: notes.stepName("seal"), script: GuestPreparation.restoreScript + launcher, isolation: .host)
                let result = try await replayer.guest.run(step)
                guard result.succeeded else {
                    throw CaptureError(.sealFailed, "The seal's start ended with \(result.end).")
                }
                CrashPoint.sealStarted.pass()
                try await replayer.finish(remove: true)
            }
        } catch {
            // Or else it would try to connect again to a machine that is about to be destroyed.
            await uncancelled { try? await replayer.finish(remove: false) }
            throw error
        }
        return try await capture(machine)
    }

    /// Waits for the seal that another process has started.
    private func capture(sealed machine: Machine) async throws -> Template {
        try await seal(machine) { _ in }
        return try await capture(machine)
    }

    /// What the machine gets when its steps are done. The bases of the basemaps bring no command: what there is was replayed.
    private func machineSetup() throws -> MachineSetup {
        try MachineSetup(
            name: reference.name, config: planned.plan.config, steps: planned.plan.steps, policy: servicePolicy,
            commandIsReplayed: true)
    }

    private func install(_ setup: MachineSetup, with replayer: Replayer) async throws -> SetupReport {
        // What a process that died has left of it may have failed and stopped the queue.
        if notes.current.takeovers > 0 { replayer.guest.resume(as: notes.stepName("go-on")) }
        let report = SetupReport(
            try await replayer.perform(
                setup.script, id: notes.stepName("install"),
                label: setup.service == nil ? "finish the machine" : "install the service")
        )
        for unit in report.displacedUnits {
            events(.notice("\(unit) is disabled: \(MachineService.unit) runs the same program"))
        }
        return report
    }

    private func seal(_ machine: Machine, start: (String) async throws -> Void) async throws {
        guard let nonce = notes.current.seal?.nonce else { return }
        try await task("seal", "seal the machine", events: events) {
            let script = SealScript(
                nonce: nonce, buildUser: GuestAccess.buildUser, publicKey: machine.publicKey,
                stateDirectory: SupervisorOptions(build: machine.build.id.text).stateDirectory,
                keepsPackageCaches: keepsPackageCaches)
            try await Sealer(driver: workshop.driver).seal(
                machine.instance, with: script, task: "seal", events: events, start: start)
        }
        CrashPoint.machineSealed.pass()
    }

    /// Captures the machine, and makes it a template when its disk, and its copies where that was asked for, are as they
    /// must be.
    private func capture(_ machine: Machine) async throws -> Template {
        let library = TemplateLibrary(workshop.store)
        let prepared = try library.prepare()
        do {
            let image = try await task("capture", "capture \(reference)", events: events) {
                try await workshop.driver.capture(
                    machine.instance,
                    as: CaptureRequest(destination: prepared.directory.string, name: reference.description),
                    ledger: workshop.store.ledger, task: "capture", events: events)
            }
            CrashPoint.machineCaptured.pass()
            var record = record(of: machine, image: image)
            if workshop.driver.capabilities.localImages {
                try await audit(image, of: machine, &record)
            } else {
                events(.notice("The captured disk is not audited: it is out of this machine's reach."))
            }
            if verifies {
                let verification = TemplateVerification(
                    workshop: workshop, image: image, record: record, options: self.machine, buildKey: machine.userKey,
                    buildHostKey: machine.hostKey.publicKey, events: events)
                record.verification = try await verification.requirePassed()
            }
            CrashPoint.diskAudited.pass()
            let labels = planned.plan.config.labels.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
            let published = try await workshop.driver.publish(
                image,
                as: PublishRequest(build: machine.build.id, name: reference.name, tag: reference.tag, labels: labels),
                ledger: workshop.store.ledger)
            let template = try await library.add(prepared, image: published, record: record)
            CrashPoint.templatePublished.pass()
            return template
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

    private func record(of machine: Machine, image: CloudImage) -> TemplateRecord {
        let plan = planned.plan
        let base = notes.current.base
        let link = ChainLink(
            reference: plan.base.reference, method: "basemap", resolved: base?.origin ?? plan.base.row,
            digest: base?.digest)
        var record = TemplateRecord(
            identifier: "", name: reference, build: machine.build.id, created: Date(),
            image: ImageRecord(cloud: image.cloud, reference: image.reference, digest: image.digest, size: nil),
            architecture: plan.base.architecture, dockerfile: planned.dockerfile, chain: [link],
            steps: zip(plan.steps, notes.current.seal?.seconds ?? []).map { StepRecord($0, seconds: $1) },
            config: plan.config,
            buildArguments: planned.buildArguments, warnings: plan.warnings, versions: ["replay": ReplayProgram.version]
        )
        record.tests = planned.tests.isEmpty ? nil : planned.tests
        record.buildKey = machine.userKey.publicKey.word
        record.keepsPackageCaches = keepsPackageCaches ? true : nil
        if let setup = try? machineSetup(), let report = notes.current.seal?.report { record.note(setup, report) }
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
