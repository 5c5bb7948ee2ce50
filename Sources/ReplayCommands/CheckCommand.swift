import ArgumentParser
import Basemaps
import BuildContexts
import DockerfileChecks
import DockerfileLanguage
import FoundationEssentials
import ReplayPlan
import SystemCalls
import SystemPackage

/// `replay check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check Dockerfiles: which can be replayed, and what to change; no machine is made.",
        discussion: "Ends with 2 when there are errors; with --strict also when there are warnings.")

    @Argument(help: "Dockerfiles, directories that are searched for them, or patterns such as 'services/*/Dockerfile'.")
    var paths: [String] = ["."]

    @Option(
        help: "How the findings are told: text, json, sarif or github.",
        transform: {
            guard let format = CheckReport.Format(rawValue: $0) else {
                throw ValidationError("There is no '\($0)': write text, json, sarif or github.")
            }
            return format
        })
    var format: CheckReport.Format = .text

    @Flag(help: "Warnings end with status 2, too.")
    var strict = false

    @Flag(help: "Repair what can be repaired without a decision, in place.")
    var fix = false

    @Flag(name: .customLong("dry-run"), help: "With --fix: print the changes as a diff and change nothing.")
    var dryRun = false

    @OptionGroup var rules: RuleOptions

    func validate() throws {
        if dryRun, !fix { throw ValidationError("--dry-run belongs to --fix.") }
    }

    func run() async throws {
        let search = DockerfileSearch(paths)
        for problem in search.problems { StandardError.write("replay: \(problem.message)\n") }
        let check = try rules.checker(environment: ProcessInfo.processInfo.environment)
        var report = CheckReport()
        var isBroken = !search.problems.isEmpty
        for path in search.files {
            do {
                report.files.append((path.string, try checked(path, with: check)))
            } catch {
                isBroken = true
                StandardError.write("replay: \(FailureReport(error).message)\n")
            }
        }
        if !(fix && dryRun) {
            StandardOutput.write(try report.text(as: format, version: ReplayProgram.version))
        }
        StandardError.write("\(report.summary)\n")
        if isBroken || report.count(of: .error) > 0 || strict && report.count(of: .warning) > 0 {
            throw CommandStatus(code: ExitStatusCode.usage.rawValue)
        }
    }

    /// Checks a file, after repairing it when that is asked for.
    private func checked(_ path: FilePath, with checker: DockerfileChecker) throws -> CheckedDockerfile {
        var bytes: [UInt8]
        do { bytes = try FileContents.read(path) } catch { throw UsageError("'\(path)' cannot be read: \(error).") }
        let ignoreFile = DirectoryContext.ignoreFile(of: path.removingLastComponent(), dockerfile: path)
        if fix {
            let fixed = DockerfileFixer.fixed(bytes) { checker.check($0, ignoreFile: ignoreFile) }
            if fixed != bytes, dryRun {
                StandardOutput.write(UnifiedDiff.text(from: bytes, to: fixed, path: path.string))
            } else if fixed != bytes {
                do { try Self.replace(path, with: fixed) } catch {
                    throw UsageError("'\(path)' cannot be written: \(error).")
                }
                StandardError.write("repaired \(path)\n")
            }
            bytes = fixed
        }
        return checker.check(bytes, ignoreFile: ignoreFile)
    }
}

extension CheckCommand {
    /// Writes a file in the place of another one, with its permissions; a link stays a link.
    private static func replace(_ path: FilePath, with bytes: [UInt8]) throws {
        var place = path
        for _ in 0..<40 {
            guard (try? place.stat(followTargetSymlink: false).type) == .symbolicLink else { break }
            let target = FilePath(String(decoding: try FileStatus.target(ofLink: place), as: UTF8.self))
            place = target.isAbsolute ? target : place.removingLastComponent().pushing(target)
        }
        let mode = try FileStatus(of: place).permissions
        try AtomicFile.write(bytes, to: place, permissions: FilePermissions(rawValue: CInterop.Mode(mode)))
    }
}

/// What checks need to know beyond the files: shared by `check` and `explain`.
struct RuleOptions: ParsableArguments {
    @Option(
        name: .customLong("build-arg"), help: "NAME=VALUE for an ARG; NAME alone takes the value from the environment.")
    var buildArguments: [String] = []

    @Option(
        name: .customLong("build-context"),
        help: ArgumentHelp(
            "A further context for COPY --from=NAME; only its name matters here.", valueName: "name=source"))
    var buildContexts: [String] = []

    @Option(help: "The stage to build, when it is not the last one.")
    var target: String?

    @Option(help: "A further table of base images; its rows go before the built-in ones.")
    var basemap: [String] = []

    @Option(help: "The cloud to build on.")
    var cloud: String = "qemu"

    /// The options of a plan.
    func planOptions(environment: [String: String]) throws -> PlanOptions {
        let arguments = try SourceOptions.arguments(buildArguments, environment: environment)
        var options = PlanOptions(
            buildArguments: Dictionary(arguments.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), target: target,
            platform: .thisMachine)
        options.namedContexts = Set(try SourceOptions.namedContexts(buildContexts).map(\.name))
        return options
    }

    /// A checker that knows the tables of base images.
    func checker(environment: [String: String]) throws -> DockerfileChecker {
        try Workshop.check(cloud: cloud)
        let tables = try BasemapTables.load(files: basemap, environment: environment)
        let cloud = cloud
        return DockerfileChecker(options: try planOptions(environment: environment)) { reference in
            do throws(BasemapError) {
                return .known(
                    try tables.resolve(reference, cloud: cloud, architecture: Platform.thisMachine.architecture))
            } catch {
                return .unknown(error.message)
            }
        }
    }
}
