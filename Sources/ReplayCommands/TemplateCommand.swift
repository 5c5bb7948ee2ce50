import ArgumentParser
import Clouds
import FoundationEssentials
import Store
import Templates

/// `replay template …`
struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "The templates on this machine.",
        subcommands: [
            TemplateListCommand.self, TemplateInspectCommand.self, TemplateRemoveCommand.self, TemplateRunCommand.self,
            TemplateBootCommand.self, TemplateAuditCommand.self, TemplateVerifyCommand.self, TemplateExportCommand.self,
            TemplateImportCommand.self,
        ])
}

/// `replay template list`
struct TemplateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the templates; a star marks the version that a tag leads to.")

    @Flag(help: "Answer as JSON.")
    var json = false

    func run() async throws {
        let templates = try await TemplateLibrary(Workshop().store).list().map(\.summary)
        guard !json else {
            StandardOutput.write(try TemplateSummary.json(templates))
            return
        }
        var rows = [["", "TEMPLATE", "VERSION", "IDENTIFIER", "CLOUD", "SIZE", "CREATED"]]
        for template in templates {
            rows.append([
                template.current ? "*" : "", "\(template.name):\(template.tag)", "\(template.version)",
                template.identifier,
                template.cloud, "\(template.size / 1_000_000) MB", template.created.formatted(.iso8601),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            StandardOutput.write(cells.joined(separator: "  ").trimmingSuffix(while: { $0 == " " }) + "\n")
        }
    }
}

/// `replay template inspect NAME`
struct TemplateInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Say what a template is and how it was made.")

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Flag(help: "Answer with the whole record as JSON.")
    var json = false

    func run() async throws {
        let template = try await TemplateLibrary(Workshop().store).find(name)
        guard !json else {
            StandardOutput.write(template.json.hasSuffix("\n") ? template.json : template.json + "\n")
            return
        }
        let record = try template.record()
        var lines = [
            "template   \(template.reference), version \(template.version), \(template.id)",
            "created    \(record.created.formatted(.iso8601)) by replay \(record.versions["replay"] ?? "?")",
            "image      \(template.image.reference), \(template.size / 1_000_000) MB, \(record.image.digest ?? "no digest")",
        ]
        for link in record.chain { lines.append("from       \(link.reference): \(link.resolved)") }
        for step in record.steps {
            let seconds = (step.seconds * 10).rounded() / 10
            lines.append("step \(step.number)     \(step.title) (\(seconds) s)")
        }
        StandardOutput.write(lines.joined(separator: "\n") + "\n")
    }
}

/// `replay template remove NAME`
struct TemplateRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a template: all versions of a name and tag, or one by its identifier.")

    @Argument(help: "The templates: NAME, NAME:TAG or identifiers.")
    var names: [String]

    @OptionGroup var places: CloudOptions

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("Name the template to remove.") }
    }

    func run() async throws {
        let workshop = try Workshop(flags: places.flags)
        let library = TemplateLibrary(workshop.store)
        for name in names {
            for template in try await library.remove(name) {
                try await workshop.removeImage(of: template)
                StandardOutput.write("removed \(template.reference) version \(template.version), \(template.id)\n")
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, predicate(last) { text.removeLast() }
        return String(text)
    }
}
