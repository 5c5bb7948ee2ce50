import ArgumentParser
import Clouds
import ReplayEvents
import Store
import SystemPackage
import TemplateAudit
import Templates
import TerminalProgress

/// `replay template audit NAME`
struct TemplateAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Hold the rules against a template's disk: no build identity, no traces, no secrets.",
        discussion: """
            Reads the disk without booting from it. Ends with status 6 when a rule is broken that keeps a disk from being a template.
            """)

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Flag(help: "Answer as JSON.")
    var json = false

    @OptionGroup var place: TemplateCloud
    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let workshop = try await place.workshop(for: name)
        let screen = self.screen.open(defaultMode: .quiet)
        let report: AuditReport
        do {
            defer { screen.finish() }
            report = try await cancelledByInterrupts { [self] in
                try await TemplateLibrary(workshop.store).using(name) { template in
                    let record = try template.record()
                    return try await workshop.withScratch(for: name, events: screen.events) { build, directory in
                        try await workshop.audit(
                            template.image, facts: AuditFacts(record), build: build, directory: directory,
                            task: "audit", events: screen.events
                        ).attributed(by: record)
                    }
                }
            }
        }
        if json {
            try StandardOutput.write(json: report)
        } else {
            for finding in report.findings {
                StandardOutput.write("\(finding.severity == .refuse ? "BROKEN" : "note  ")  \(finding.text)\n")
            }
            StandardOutput.write(
                "\(report.rules) rules, \(report.refusals.count) broken, \(report.skipped.count) not applicable"
                    + " (\(report.method))\n")
        }
        guard report.passed else { throw CommandStatus(code: ExitStatusCode.seal.rawValue) }
    }
}
