import ArgumentParser
import Clouds
import FoundationEssentials
import ReplayEvents
import Store
import SystemCalls
import SystemPackage
import Templates
import TerminalProgress

/// `replay template export NAME`
struct TemplateExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a template's disk into a file for other programs.",
        discussion: "The record of its making is written beside it, as FILE.json; 'template import' reads it.")

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Option(help: ArgumentHelp("The format: qcow2, raw or vmdk.", valueName: "format"), transform: Self.format)
    var format: DiskFormat = .qcow2

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; it must not exist.", valueName: "file"))
    var output: String

    @OptionGroup var place: TemplateCloud
    @OptionGroup var screen: ScreenOptions

    private static func format(_ text: String) throws -> DiskFormat {
        guard let format = DiskFormat(rawValue: text) else {
            throw ValidationError(
                "--format '\(text)': one of \(DiskFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return format
    }

    func run() async throws {
        let file = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(output))
        let record = TemplateSidecar.path(of: file)
        for path in [file, record] where (try? path.stat(followTargetSymlink: false)) != nil {
            throw UsageError("'\(path)' exists already: remove it, or choose another name.")
        }
        guard (try? file.removingLastComponent().stat().type) == .directory else {
            throw UsageError("The directory of '\(file)' does not exist.")
        }
        let workshop = try await place.workshop(for: name)
        let screen = self.screen.open()
        defer { screen.finish() }
        try await cancelledByInterrupts { [self] in
            try await TemplateLibrary(workshop.store).using(name) { template in
                try await workshop.withScratch(for: name, events: screen.events) { build, _ in
                    try await task("export", "write \(output)", events: screen.events) {
                        try await workshop.driver.export(
                            template.image, as: format, to: file.string, build: build, ledger: workshop.store.ledger,
                            task: "export", events: screen.events)
                        try AtomicFile.write(template.json.utf8, to: record)
                    }
                }
            }
        }
        StandardOutput.write("\(file)\n")
    }
}

/// The record that stands beside an exported disk.
enum TemplateSidecar {
    static func path(of disk: FilePath) -> FilePath { FilePath(disk.string + ".json") }
}
