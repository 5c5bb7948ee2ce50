/// One piece of work for the guest: a script that the supervisor runs as root, once, whatever becomes of the connection.
public struct SupervisedStep: Sendable, Hashable {
    /// How the step is kept apart from the machine.
    public enum Isolation: String, Sendable, Hashable {
        /// In a PID and a mount namespace of its own: when it ends, all that it started ends. Mounts stay inside.
        case namespaces
        /// As a session of the machine itself, for work that must see all of it. Its process group ends with it.
        case host
    }

    /// Names the step within the build; a step with an id that the guest knows is not run again. Letters, digits,
    /// `.`, `_` and `-` only, not beginning with a dot.
    public var id: String
    /// POSIX sh, sourced after the supervisor's prelude; see ``StepScript``.
    public var script: String
    /// How the step is kept apart from the machine.
    public var isolation: Isolation
    /// Whether the queue stops when the step fails, so that no later step starts.
    public var stopsQueueOnFailure: Bool
    /// The upload that must be complete before the step starts.
    public var blob: String?
    /// Whether the machine restarts when the script has ended with 0. The step ends when the machine is back.
    public var restartsMachine = false
    /// After how many seconds it is ended with all its processes; at least 1.
    public var timeout: Int?

    /// Makes a step.
    public init(
        id: String, script: String, isolation: Isolation = .namespaces, stopsQueueOnFailure: Bool = true,
        blob: String? = nil
    ) {
        self.id = id
        self.script = script
        self.isolation = isolation
        self.stopsQueueOnFailure = stopsQueueOnFailure
        self.blob = blob
    }

    /// The frame of the wire protocol that queues the step.
    var frame: [UInt8] {
        let letters = (isolation == .host ? "h" : "") + (restartsMachine ? "r" : "") + (stopsQueueOnFailure ? "" : "s")
        let flags = "-" + letters + (timeout.map { "t\(max(1, $0))" } ?? "")
        let payload = Array(script.utf8)
        if payload.count <= 4096, payload.last == UInt8(ascii: "\n"), !payload.contains(0) {
            let lines = payload.count { $0 == UInt8(ascii: "\n") }
            return Array("lines \(id) \(flags) \(blob ?? "-") \(lines)\n".utf8) + payload
        }
        return Frame.bytes("step", id, flags, blob ?? "-", payload: payload)
    }
}

/// How a step ended, as the supervisor's own record says.
public enum StepEnd: Sendable, Hashable, CustomStringConvertible {
    /// With this exit status, 0–255.
    case exited(Int)
    /// By this signal's number.
    case signalled(Int)
    /// By ``SupervisedGuest/cancel()``.
    case cancelled
    /// Because it ran longer than this many seconds.
    case timedOut(Int)
    /// With no record of how: the supervisor or the first process of the step was killed (out of memory, perhaps).
    case lost

    /// The end in words: `exit status 3`, `signal 9 (KILL)`.
    public var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let number): "signal \(number)" + (Self.signalNames[number].map { " (\($0))" } ?? "")
        case .cancelled: "cancelled"
        case .timedOut(let seconds): "ended after its time limit of \(Self.text(seconds))"
        case .lost: "its supervisor was killed, so how it ended is not known"
        }
    }

    /// `90` as `1m30s`.
    public static func text(_ seconds: Int) -> String {
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")].filter { $0.0 > 0 }
        return parts.isEmpty ? "0s" : parts.map { "\($0.0)\($0.1)" }.joined()
    }

    /// Linux signal numbers on the architectures that Debian releases for; signal(7).
    static let signalNames: [Int: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
    ]
}

/// The supervisor's record of a step that ended.
public struct StepResult: Sendable, Hashable {
    /// The step's id.
    public var id: String
    /// How it ended.
    public var end: StepEnd
    /// How long it ran, by the guest's clock, in steps of 10 ms.
    public var duration: Duration

    /// Makes a record.
    public init(id: String, end: StepEnd, duration: Duration) {
        self.id = id
        self.end = end
        self.duration = duration
    }

    /// Whether the step ended with exit status 0.
    public var succeeded: Bool { end == .exited(0) }
}

/// What happens on the guest, in the order in which it happens there.
public enum GuestEvent: Sendable, Hashable {
    /// A step began.
    case started(String)
    /// Bytes that a step wrote, on either stream.
    case output(String, [UInt8])
    /// A step ended.
    case finished(StepResult)
    /// A queued step will not run, because an earlier one failed or was cancelled.
    case skipped(String)
    /// A step is done but for the restart of the machine that it asks for.
    case restarting(String)
    /// All before this place has been handed out, and the guest is about to be told so: it gives the space back. Another
    /// process can go on from there, and from no place before it.
    case acknowledging(GuestPosition)
    /// The connection was lost; steps go on.
    case linkLost
    /// The connection is back.
    case linkRestored
}
