import ArgumentParser
import Clouds
import FoundationEssentials
import Store
import SystemPackage

/// `replay resume`
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a build whose replay died, or whose machine was kept after a failure.",
        discussion: """
            The build is the one that was begun, with its command line and the Dockerfile as it is now: steps that the machine has \
            done stay done, the one that runs is followed, and one that failed runs again, as does all that comes after it. What \
            a failed step has changed on the machine is still there. A change of what the machine has done already is refused.
            """)

    @Argument(help: "The build's identifier; it can be left out when there is one such build only.")
    var build: String?

    @Option(
        name: .customLong("on-error"),
        help: "What happens to the machine when the build fails again: cleanup, keep or shell, as the build was begun.")
    var onError: ErrorPolicy?

    @OptionGroup var screen: ScreenOptions

    func validate() throws { try onError?.validate() }

    func run() async throws {
        let store = try Workshop().store
        let adopted = try await store.builds.adopt(try await identifier(in: store))
        let command: BuildCommand
        let resumption: Resumption
        let workshop: Workshop
        do {
            resumption = try Resumption(of: adopted)
            guard FileManager.default.changeCurrentDirectoryPath(resumption.directory) else {
                throw UsageError(
                    "The build was begun in '\(resumption.directory)', which is not there any more: the paths of its command line start from it."
                )
            }
            command = try begun(resumption)
            workshop = try Workshop(
                cloud: command.source.cloud, flags: command.places.flags,
                environment: ProcessInfo.processInfo.environment.merging(resumption.variables) { $1 })
        } catch {
            try await adopted.giveBack()
            throw error
        }
        try await workshop.whileOpen {
            try await command.build(in: workshop, notes: BuildNotes(resumption), adopted: adopted)
        }
    }

    /// The command that began the build, with what this one says differently.
    private func begun(_ resumption: Resumption) throws -> BuildCommand {
        guard var command = try ReplayCommand.parseAsRoot(resumption.arguments) as? BuildCommand else {
            throw UsageError("The command line that began the build is none of this version's.")
        }
        if let onError { command.onError = onError }
        if screen.progress != nil { command.screen = screen }
        return command
    }

    private func identifier(in store: StoreDatabase) async throws -> BuildID {
        if let build {
            guard let id = BuildID(build) else {
                throw UsageError("'\(build)' is no build's identifier: they have twelve digits, 0 to 9 and a to f.")
            }
            return id
        }
        let candidates = try await store.builds.adoptable()
        guard candidates.count <= 1 else {
            throw UsageError(
                "There are several builds to go on with; name one:\n"
                    + candidates.map { "  \($0.id)  \($0.name)" }.joined(separator: "\n"))
        }
        guard let only = candidates.first else { throw UsageError("There is no build to go on with.") }
        return only.id
    }
}
