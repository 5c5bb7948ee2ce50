import ArgumentParser
import Clouds
import FoundationEssentials
import ReplayEvents
import ReplayPlan
import Store
import SystemCalls
import SystemPackage
import Templates
import TerminalProgress

/// `replay template import FILE`
struct TemplateImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a template of a disk: qcow2, raw, or vmdk in one file.",
        discussion: """
            The record beside an exported disk, FILE.json, is read where it is there. A disk without one gets a record that says \
            so; 'template audit' holds the rules against it all the same.
            """)

    @Argument(help: "The disk.")
    var file: String

    @Option(
        name: [.short, .customLong("tag")],
        help: ArgumentHelp("Name and tag; without it the record's, or the file's name.", valueName: "name[:tag]"))
    var tag: String?

    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let path = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(file))
        guard (try? path.stat().type) == .regular else { throw UsageError("There is no file '\(file)'.") }
        var record = try readRecord(beside: path)
        if let tag {
            record.name = try TemplateReference(tag)
        }
        let workshop = try Workshop()
        let screen = self.screen.open()
        defer { screen.finish() }
        let template = try await cancelledByInterrupts { [record] in
            let library = TemplateLibrary(workshop.store)
            let prepared = try library.prepare()
            do {
                let image = try await workshop.withScratch(for: record.name.description, events: screen.events) {
                    build, _ in
                    try await task("import", "read \(path.lastComponent?.string ?? file)", events: screen.events) {
                        try await workshop.driver.importImage(
                            path.string,
                            as: CaptureRequest(
                                destination: prepared.directory.string, name: record.name.description),
                            build: build, ledger: workshop.store.ledger, task: "import", events: screen.events)
                    }
                }
                return try await library.add(prepared, image: image, record: record)
            } catch {
                prepared.discard()
                throw error
            }
        }
        StandardOutput.write("\(template.id)\n")
    }

    private func readRecord(beside disk: FilePath) throws -> TemplateRecord {
        let sidecar = TemplateSidecar.path(of: disk)
        guard (try? sidecar.stat()) != nil else { return try minimalRecord(of: disk) }
        do {
            let text = String(decoding: try FileContents.read(sidecar), as: UTF8.self)
            return try TemplateRecord(json: text)
        } catch let error as Errno { throw UsageError("The record '\(sidecar)' cannot be read: \(error).") }
    }

    private func minimalRecord(of disk: FilePath) throws -> TemplateRecord {
        let name = try tag.map { try TemplateReference($0) } ?? TemplateReference(disk.stem?.lowercased() ?? "imported")
        return TemplateRecord(
            identifier: "", name: name, build: nil, created: Date(),
            image: ImageRecord(cloud: "qemu", reference: "", digest: nil, size: nil), architecture: "amd64",
            dockerfile: nil, chain: [], steps: [], config: ImageConfig(), buildArguments: [], warnings: [],
            versions: ["replay": ReplayProgram.version])
    }
}
