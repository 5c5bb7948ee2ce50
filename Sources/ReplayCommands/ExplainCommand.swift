import ArgumentParser
import BuildContexts
import DockerfileChecks
import Explanations
import FoundationEssentials
import MachineServices
import Store
import SystemCalls
import SystemPackage

/// `replay explain`
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what each instruction becomes on a machine, and what is different from a container.",
        discussion: "No machine is made, and nothing is fetched. Ends with 2 when the Dockerfile cannot be replayed.")

    @Argument(help: "A directory with a Dockerfile, or a Dockerfile.")
    var path: String = "."

    @Option(name: [.short, .long], help: "The Dockerfile, when it is not PATH/Dockerfile.")
    var file: String?

    @Flag(help: "Answer as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Write one page that needs nothing else, for screen and paper.", valueName: "file"))
    var html: String?

    @OptionGroup var rules: RuleOptions

    func run() async throws {
        let location = try SourceLocation(path: path, file: file)
        let bytes = try location.readDockerfile()
        let ignoreFile = DirectoryContext.ignoreFile(of: location.context, dockerfile: location.dockerfile)
        let checked = try rules.checker(environment: ProcessInfo.processInfo.environment)
            .check(bytes, ignoreFile: ignoreFile)
        let name = location.dockerfile.string
        let template = TemplateReference(contextDirectory: Self.absolute(location.context).string).description
        guard
            let explanation = Explainer.explain(
                checked, path: name, name: template, policy: .enable)
        else {
            var report = CheckReport()
            report.files = [(name, checked)]
            StandardError.write(try report.text(as: .text, version: ReplayProgram.version))
            throw CommandStatus(code: ExitStatusCode.usage.rawValue)
        }
        if let html {
            do {
                try AtomicFile.write(
                    explanation.html.utf8, to: FilePath(html),
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
            } catch {
                throw UsageError("The page '\(html)' cannot be written: \(error).")
            }
        }
        if json {
            try StandardOutput.write(json: explanation)
        } else if html == nil {
            StandardOutput.write(explanation.text)
        }
        if !explanation.isReplayable { throw CommandStatus(code: ExitStatusCode.usage.rawValue) }
    }

    private static func absolute(_ path: FilePath) -> FilePath {
        path.isAbsolute ? path : FilePath(FileManager.default.currentDirectoryPath).pushing(path).lexicallyNormalized()
    }
}
