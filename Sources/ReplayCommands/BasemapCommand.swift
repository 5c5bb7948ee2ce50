import ArgumentParser
import Basemaps
import Clouds
import FoundationEssentials
import ReplayEvents
import ReplayPlan
import TerminalProgress

/// `replay basemap …`
struct BasemapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "basemap", abstract: "The table that maps base images to cloud images.",
        subcommands: [BasemapListCommand.self, BasemapPrepareCommand.self])
}

/// `replay basemap list`
struct BasemapListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the rows of the table.")

    @Option(help: "A further table of base images; its rows go before the built-in ones.")
    var basemap: [String] = []

    @Flag(help: "Answer as JSON.")
    var json = false

    private struct Row: Encodable {
        var name: String
        var clouds: [String]
    }

    func run() async throws {
        let rows = try BasemapTables.load(files: basemap, environment: ProcessInfo.processInfo.environment).rows
        if json {
            try StandardOutput.write(json: rows.map { Row(name: $0.name, clouds: $0.clouds) })
        } else {
            for row in rows {
                let clouds = row.clouds.isEmpty ? "refused" : row.clouds.joined(separator: " ")
                StandardOutput.write("\(row.name)  \(clouds)\n")
            }
        }
    }
}

/// `replay basemap prepare IMAGE`
struct BasemapPrepareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare", abstract: "Make a base image available ahead of time.",
        discussion: """
            Downloads and verifies the image, or builds it from the distribution's package archive; the latter needs root. Builds do \
            the same on demand. The path of the image is printed on standard output.
            """)

    @Argument(help: "The image as FROM names it: debian:12.")
    var image: String

    @Option(help: "A further table of base images; its rows go before the built-in ones.")
    var basemap: [String] = []

    @Option(help: "The cloud to prepare the image for.")
    var cloud: String = "qemu"

    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let base = try BasemapTables.load(files: basemap, environment: environment)
            .resolve(image, cloud: cloud, architecture: Platform.thisMachine.architecture)
        let workshop = try Workshop(cloud: cloud, environment: environment)
        let screen = self.screen.open()
        defer { screen.finish() }
        let prepared = try await cancelledByInterrupts {
            try await task("base", "base image for \(base.reference)", events: screen.events) {
                try await workshop.driver.prepareBase(base, task: "base", events: screen.events)
            }
        }
        screen.finish()
        StandardOutput.write("\(prepared.reference)\n")
    }
}
