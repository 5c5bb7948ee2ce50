import ArgumentParser
import FoundationEssentials

/// The program: parses the command line, runs the verb, and turns what happened into an exit status.
public enum ReplayProgram {
    /// The version that `replay --version` prints and that templates record.
    public static let version = "0.1.0"

    /// Runs the program and ends the process with its exit status.
    public static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        var command: any ParsableCommand
        do {
            command = try ReplayCommand.parseAsRoot(arguments)
        } catch {
            ReplayCommand.end(withUsageError: error)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let status as CommandStatus {
            exit(status.code)
        } catch {
            if ReplayCommand.exitCode(for: error) == .success || error is CleanExit || error is ValidationError {
                ReplayCommand.end(withUsageError: error)
            }
            let report = FailureReport(error)
            StandardError.write(report.text)
            exit(report.status)
        }
        exit(ExitStatusCode.success)
    }

    private static func exit(_ code: ExitStatusCode) -> Never { ReplayCommand.exit(withError: ExitCode(code.rawValue)) }
    private static func exit(_ code: Int32) -> Never { ReplayCommand.exit(withError: ExitCode(code)) }
}

/// Ends the process with this status, without a further word: what there was to say has been said.
struct CommandStatus: Error {
    /// The exit status, 0–255.
    var code: Int32
}

/// The exit statuses of `replay` (see `docs/command-line.md`).
enum ExitStatusCode: Int32 {
    case success = 0
    /// A step of the Dockerfile failed.
    case stepFailed = 1
    /// The command line or the Dockerfile is wrong.
    case usage = 2
    /// The base image could not be resolved or had.
    case base = 3
    /// The cloud, or what is local of it, failed.
    case cloud = 4
    /// The connection to the machine could not be made, or was lost for good.
    case connection = 5
    /// The seal, the audit or the verification failed.
    case seal = 6
    /// A failure of `template run` itself, as `docker run` has it: the command's own status is not touched.
    case runFailed = 125
    /// Interrupted by the user.
    case interrupted = 130
}

/// The whole command.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replays a Dockerfile onto a live virtual machine and captures the machine as a template.",
        discussion: """
            `replay DIRECTORY` is short for `replay build DIRECTORY`: it boots the cloud image that FROM stands for, runs the \
            instructions over SSH, seals the machine, and keeps it as a template.
            """,
        version: ReplayProgram.version,
        subcommands: [
            BuildCommand.self, PlanCommand.self, CheckCommand.self, ExplainCommand.self, TemplateCommand.self,
            BasemapCommand.self, ResolveCommand.self, ResumeCommand.self, CollectGarbageCommand.self,
            DoctorCommand.self, InternalCommand.self,
        ],
        defaultSubcommand: BuildCommand.self)

    /// Prints help, the version or what is wrong with the arguments, and ends the process: 0 or 2.
    static func end(withUsageError error: any Error) -> Never {
        let message = fullMessage(for: error)
        if exitCode(for: error) == .success {
            print(message)
            exit(withError: ExitCode.success)
        }
        StandardError.write(message + "\n")
        exit(withError: ExitCode(ExitStatusCode.usage.rawValue))
    }
}
