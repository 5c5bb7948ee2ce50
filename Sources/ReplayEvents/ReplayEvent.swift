/// Something that happened during a build or another long command, as a value.
///
/// Whoever does the work emits these and prints nothing; whoever draws them knows nothing of the work.
public enum ReplayEvent: Sendable, Hashable {
    /// A build began; `steps` is the number of steps of its Dockerfile.
    case buildStarted(name: String, steps: Int)
    /// A unit of work began. Its label is what the screen shows, such as `[2/5] RUN apt-get update` or `boot`.
    case taskStarted(TaskID, label: String)
    /// What a task has moved so far; `total` is nil while it is not known.
    case taskProgress(TaskID, completed: Int64, total: Int64?, unit: ProgressUnit)
    /// A line of news within a task, such as which source won.
    case taskNote(TaskID, String)
    /// Bytes that a task's remote command wrote, as they are: they may cut a character or a line anywhere.
    case taskOutput(TaskID, [UInt8])
    /// A task ended.
    case taskFinished(TaskID, TaskOutcome)
    /// A warning for the user; it belongs to no task or to several.
    case warning(String)
    /// A sentence for the user that is no warning, such as which acceleration is used.
    case notice(String)
    /// The build ended well with this template (`name:tag`) and its identifier.
    case buildFinished(template: String, identifier: String)
    /// The build ended without a template. The message is for people and holds no secret.
    case buildFailed(message: String)
}

/// Names one task within a build: `boot`, `step-3`, `upload-3`, `seal`, `capture`.
public struct TaskID: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name.
    public let name: String
    /// Makes an identifier.
    public init(_ name: String) { self.name = name }
    /// Makes an identifier.
    public init(stringLiteral name: String) { self.name = name }
    /// The identifier of the step with this number, counted from 1.
    public static func step(_ number: Int) -> TaskID { TaskID("step-\(number)") }
    /// The name.
    public var description: String { name }
}

/// What a progress bar counts.
public enum ProgressUnit: String, Sendable, Hashable {
    /// Bytes; rates are shown per second.
    case bytes
    /// Things: files, entries.
    case items
}

/// How a task ended.
public enum TaskOutcome: Sendable, Hashable {
    /// Well.
    case done
    /// Nothing had to be done.
    case cached
    /// Not well; the message is one sentence.
    case failed(String)
    /// Stopped because the user or another failure asked for it.
    case cancelled
}

/// Receives events. It is called from any thread, must not block for long, and gets a task's events in order.
public typealias EventHandler = @Sendable (ReplayEvent) -> Void
