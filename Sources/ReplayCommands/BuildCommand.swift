import ArgumentParser
import BuildContexts
import FoundationEssentials
import MachineServices
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

    /// What happens to the machine of a build that failed.
    enum ErrorPolicy: String, ExpressibleByArgument, CaseIterable {
        /// It is destroyed.
        case cleanup
        /// It stays, with a way to log in.
        case keep
    }

    @OptionGroup var source: SourceOptions

    @Option(
        name: [.short, .customLong("tag")], help: ArgumentHelp("Name and tag of the template.", valueName: "name[:tag]")
    )
    var tag: String?

    @Option(name: .customLong("on-error"), help: "What happens to the machine of a failed build: cleanup or keep.")
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

    @OptionGroup var limits: TimeLimits
    @OptionGroup var machine: MachineOptions
    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let planned = try await source.makePlan(environment: environment)
        let reference =
            try tag.map { try TemplateReference($0) }
            ?? TemplateReference(contextDirectory: planned.name)
        let workshop = try Workshop(cloud: source.cloud, environment: environment)
        let screen = self.screen.open()
        let session = BuildSession(
            workshop: workshop, planned: planned, reference: reference, machine: machine, limits: limits,
            keepsOnError: onError == .keep, keepsPackageCaches: keepsPackageCaches,
            servicePolicy: service, verifies: verify, events: screen.events)
        do {
            let entry = try await cancelledByInterrupts { try await session.run() }
            screen.handle(.buildFinished(template: entry.reference.description, identifier: entry.id))
            screen.finish()
            StandardOutput.write("\(entry.id)\n")
        } catch {
            // The screen draws the failure, in its own way in each mode: nothing is left to be said.
            let report = FailureReport(error)
            screen.handle(.buildFailed(message: report.message))
            screen.finish()
            throw CommandStatus(code: report.status)
        }
    }
}
