import ArgumentParser
import BuildContexts
import FoundationEssentials
import MachineServices
import ReplayEngine
import ReplayEvents
import Store
import SystemPackage
import Templates
import TerminalProgress

/// `replay [build]`
struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Replay a Dockerfile onto a machine and keep the machine as a template.",
        discussion: "The template's identifier is printed on standard output.")

    @OptionGroup var source: SourceOptions

    @Option(
        name: [.short, .customLong("tag")], help: ArgumentHelp("Name and tag of the template.", valueName: "name[:tag]")
    )
    var tag: String?

    @Option(
        name: .customLong("on-error"),
        help: "What happens to the machine of a failed build: cleanup, keep, or shell (a shell on it, then the choice)."
    )
    var onError: ErrorPolicy = .cleanup

    @Flag(name: .customLong("keep-package-caches"), help: "Leave package lists and caches in the template.")
    var keepsPackageCaches = false

    @Option(
        help: ArgumentHelp(
            "What becomes of CMD and ENTRYPOINT: a service that starts at boot (enable) or not (disable), or none.",
            valueName: "policy"),
        transform: {
            guard let policy = ServicePolicy(rawValue: $0) else {
                throw ValidationError("There is no '\($0)': write enable, disable or none.")
            }
            return policy
        })
    var service: ServicePolicy = .enable

    @Flag(help: "Boot two copies before the tag moves, and check them as 'template verify' does.")
    var verify = false

    @OptionGroup var places: CloudOptions
    @OptionGroup var limits: TimeLimits
    @OptionGroup var machine: MachineOptions
    @OptionGroup var screen: ScreenOptions

    func validate() throws { try onError.validate() }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let named = source.buildArguments.filter { !$0.contains("=") }
        let resumption = Resumption(
            arguments: Array(CommandLine.arguments.dropFirst()),
            directory: FileManager.default.currentDirectoryPath,
            variables: environment.filter { named.contains($0.key) })
        let workshop = try Workshop(cloud: source.cloud, flags: places.flags, environment: environment)
        try await workshop.whileOpen {
            try await build(in: workshop, notes: BuildNotes(resumption), adopted: nil)
        }
    }

    /// Builds, or goes on with a build that another process has begun.
    func build(in workshop: Workshop, notes: BuildNotes, adopted: RunningBuild?) async throws {
        let session: BuildSession
        let screen: ProgressRenderer
        do {
            let planned = try await source.makePlan(environment: workshop.environment)
            let reference =
                try tag.map { try TemplateReference($0) }
                ?? TemplateReference(contextDirectory: planned.name)
            screen = self.screen.open()
            session = BuildSession(
                workshop: workshop, planned: planned, reference: reference, machine: machine, limits: limits,
                keepsOnError: onError != .cleanup, keepsPackageCaches: keepsPackageCaches,
                servicePolicy: service, verifies: verify, notes: notes, events: screen.events)
        } catch {
            try await adopted?.giveBack()
            throw error
        }
        do {
            let entry = try await cancelledByInterrupts {
                if let adopted { try await session.resume(adopted) } else { try await session.run() }
            }
            screen.handle(.buildFinished(template: entry.reference.description, identifier: entry.id))
            screen.finish()
            StandardOutput.write("\(entry.id)\n")
        } catch {
            // The screen draws the failure, in its own way in each mode: nothing is left to be said.
            let report = FailureReport(error)
            screen.handle(.buildFailed(message: report.message))
            screen.finish()
            if onError == .shell, let step = (error as? ReplayError)?.step, let build = notes.build {
                try await FailedStepShell(workshop: workshop, build: build, step: step).offer()
            }
            throw CommandStatus(code: report.status)
        }
    }
}
