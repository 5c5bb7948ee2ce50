import BaseImages
import BaseResolution
import Basemaps
import BuildContexts
import Capture
import Clouds
import DockerfileLanguage
import GuestSupervisor
import ImageRegistry
import ReplayEngine
import ReplayPlan
import SSHTransport
import Store
import TemplateAudit
import Templates

/// What the user reads when a verb failed, and the status with which the process ends.
///
/// The first line says what failed; the lines after it show where: the Dockerfile's lines, the last output, the console's
/// last lines. Errors hold no secrets, so neither does this.
struct FailureReport {
    /// What failed, and below it where.
    var message: String
    /// The exit status.
    var status: Int32
    /// The message as it stands on standard error.
    var text: String { "replay: \(message)\n" }

    /// Describes an error.
    init(_ error: any Error) {
        let (code, message, context) = Self.describe(error)
        status = code.rawValue
        self.message = ([message] + context.map { "  \($0)" }).joined(separator: "\n")
    }

    private static func describe(_ error: any Error) -> (ExitStatusCode, String, [String]) {
        switch error {
        case is CancellationError: (.interrupted, "interrupted", [])
        case let error as UsageError: (.usage, error.description, [])
        case let error as DockerfileProblem: (.usage, error.description, [])
        case let error as PlanError: (.usage, error.message, [])
        case let error as ContextError: (.usage, error.description, error.context)
        case let error as BasemapError: (.base, error.description, error.context)
        case let error as ResolutionError: (.base, error.description, error.context)
        case let error as RegistryError: (.base, error.description, error.context)
        case let error as BaseImageError: (.base, error.description, error.context)
        case let error as CloudError:
            (error.code == .baseUnavailable ? .base : .cloud, error.description, error.context)
        case let error as StoreError:
            (
                [.notFound, .invalidName, .inUse, .over].contains(error.code) ? .usage : .cloud, error.description,
                error.context
            )
        case let error as TemplateError: (.cloud, error.description, error.context)
        case let error as SSHError:
            // Behind a connection that cannot be made there may be a machine that died: that is the reason to tell.
            if let cause = error.cause, error.code == .machineGone {
                describe(cause)
            } else {
                (.connection, error.description, error.context)
            }
        case let error as BootFailure: describe(error)
        case let error as GuestSupervisorError: (.connection, error.description, error.context)
        case let error as AuditError:
            (error.code == .missingPrerequisite ? .cloud : .seal, error.description, error.context)
        case let error as CaptureError: (.seal, error.description, error.context)
        case let error as ReplayError: describe(error)
        default: (.cloud, "\(error)", [])
        }
    }

    private static func describe(_ error: BootFailure) -> (ExitStatusCode, String, [String]) {
        let (code, message, context) = describe(error.cause)
        let console =
            error.console.isEmpty ? ["The machine's console is empty."] : ["The console's last lines:"] + error.console
        return (code, message, context + console)
    }

    private static func describe(_ error: ReplayError) -> (ExitStatusCode, String, [String]) {
        var (code, message, context) = (ExitStatusCode.stepFailed, error.message, error.context)
        if error.code == .changedStep {
            code = .usage
        } else if ![.stepFailed, .setupFailed, .machineRestarted].contains(error.code) {
            (code, _, context) = error.cause.map(describe) ?? (.connection, "", error.context)
            message = error.description
        }
        return (code, message, context + (error.log.map { ["The full log: \($0)"] } ?? []))
    }
}
