public import GuestSupervisor
public import ReplayPlan

/// Why a plan could not be replayed.
public struct ReplayError: Error, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The name.
        public let rawValue: String
        /// Makes a code.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A step ran and did not succeed.
        public static let stepFailed = Code(rawValue: "step-failed")
        /// The user, or the failure of something else, ended the build while a step ran.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The files of a COPY or ADD could not be read here or stored on the guest.
        public static let uploadFailed = Code(rawValue: "upload-failed")
        /// The machine could not be prepared for the first step.
        public static let preparationFailed = Code(rawValue: "preparation-failed")
        /// The machine could not be given its service and what else belongs to the template.
        public static let setupFailed = Code(rawValue: "setup-failed")
        /// The machine restarted although no step had asked for it.
        public static let machineRestarted = Code(rawValue: "machine-restarted")
        /// The connection or the supervisor failed; the cause says which.
        public static let guestFailed = Code(rawValue: "guest-failed")
        /// What another process has left of a build cannot be read.
        public static let progressUnreadable = Code(rawValue: "progress-unreadable")
        /// The Dockerfile has changed where the machine has run it already.
        public static let changedStep = Code(rawValue: "changed-step")
        /// The build's log could not be written on this machine.
        public static let logUnwritable = Code(rawValue: "log-unwritable")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence: what failed.
    public var message: String
    /// The last lines that the step wrote, with control characters shown as `�`.
    public var context: [String]
    /// The error below this one.
    public var cause: (any Error)?
    /// The step that it is about.
    public var step: Step?
    /// How the step ended.
    public var end: StepEnd?
    /// The path of the build's full log.
    public var log: String?

    /// Where in the Dockerfile it is.
    public var lines: LineRange? { step?.lines }

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, context: [String] = [], cause: (any Error)? = nil, step: Step? = nil,
        end: StepEnd? = nil, log: String? = nil
    ) {
        self.code = code
        self.message = message
        self.context = context
        self.cause = cause
        self.step = step
        self.end = end
        self.log = log
    }

    /// The sentence, and the cause in brackets.
    public var description: String {
        cause.map { "\(message) [\($0)]" } ?? message
    }
}
