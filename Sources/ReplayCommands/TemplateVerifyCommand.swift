import ArgumentParser
import Store
import Templates
import TerminalProgress

/// `replay template verify NAME`
struct TemplateVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Boot two copies of a template, reboot one, and check that they are machines of their own that serve.",
        discussion: """
            Machine-ids and host keys differ between the copies and stay on reboot; the build's key and user are refused; units \
            are as the build left them; the service is up, its HEALTHCHECK healthy, its ports answer; the Dockerfile's \
            '# replay: test COMMAND' lines succeed. Ends with status 6 when one of these is not so.
            """)

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Flag(help: "Answer as JSON.")
    var json = false

    @OptionGroup var machine: MachineOptions
    @OptionGroup var place: TemplateCloud
    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let workshop = try await place.workshop(for: name)
        let screen = self.screen.open()
        let report: VerificationReport
        do {
            defer { screen.finish() }
            report = try await workshop.whileOpen {
                try await cancelledByInterrupts { [self] in
                    try await TemplateLibrary(workshop.store).using(name) { template in
                        try await TemplateVerification(
                            workshop: workshop, image: template.image, record: try template.record(), options: machine,
                            events: screen.events
                        ).run()
                    }
                }
            }
        }
        if json {
            try StandardOutput.write(json: report)
        } else {
            for check in report.checks {
                let mark = check.problem == nil ? "ok    " : "FAILED"
                StandardOutput.write("\(mark)  \(check.name)\(check.problem.map { ": \($0)" } ?? "")\n")
            }
        }
        guard report.passed else { throw CommandStatus(code: ExitStatusCode.seal.rawValue) }
    }
}
