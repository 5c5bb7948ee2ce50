import ArgumentParser
import RemoteHosts
import ReplayEvents
import SystemCalls
import TerminalProgress

/// `replay template run NAME -- COMMAND…`
struct TemplateRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boot a throw-away copy of a template and run one command in it as root.",
        discussion: """
            The command gets exactly the arguments that are given; what it writes and its exit status pass through (128 + the \
            number for a signal). Failures of replay itself exit 125. Nothing of the copy remains.
            """)

    @Argument(help: "The template: NAME, NAME:TAG or an identifier.")
    var name: String

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    @OptionGroup var machine: MachineOptions
    @OptionGroup var place: TemplateCloud
    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("Name the command after --: replay template run NAME -- COMMAND…")
        }
    }

    func run() async throws {
        let screen = self.screen.open(defaultMode: .quiet)
        let status: ExitStatus
        do {
            let workshop = try await place.workshop(for: name)
            status = try await workshop.whileOpen {
                try await cancelledByInterrupts { [self] in
                    try await TemplateCopy.with(name, in: workshop, options: machine, events: screen.events) { copy in
                        try await runCommand(in: copy)
                    }
                }
            }
            screen.finish()
        } catch {
            screen.finish()
            let report = FailureReport(error)
            StandardError.write(report.text)
            let interrupted = report.status == ExitStatusCode.interrupted.rawValue
            throw CommandStatus(code: interrupted ? report.status : ExitStatusCode.runFailed.rawValue)
        }
        switch status {
        case .exited(0): break
        case .exited(let code): throw CommandStatus(code: Int32(code))
        case .signalled(let name):
            throw CommandStatus(code: 128 + (SignalName.number(of: name) ?? 0))
        case .lost:
            StandardError.write("replay: The connection to the copy was lost while the command ran.\n")
            throw CommandStatus(code: ExitStatusCode.runFailed.rawValue)
        }
    }

    private func runCommand(in copy: TemplateCopy) async throws -> ExitStatus {
        // `exec` leaves no shell behind that could answer for the command; a plain PATH as a login of root has it.
        let words = command.map(ShellQuoting.quoted).joined(separator: " ")
        return try await copy.host.run(RemoteCommand("exec \(words)"), input: EmptyInput()) { stream, bytes in
            switch stream {
            case .standardOutput: StandardOutput.write(bytes)
            case .standardError: StandardError.write(bytes)
            }
        }
    }
}

/// Words for a POSIX shell.
enum ShellQuoting {
    /// The word in single quotes, so that the shell takes it as it is.
    static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
