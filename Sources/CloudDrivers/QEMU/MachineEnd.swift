internal import Clouds
internal import SystemCalls
internal import SystemPackage

/// How a machine's QEMU ended, as its parent saw it; kept in the machine's directory.
struct MachineEnd: Codable, Sendable, Hashable {
    /// QEMU's exit status; nil after a signal that killed it.
    var status: Int32?
    /// The signal that killed it.
    var signal: Int32?
    /// Why it ended, in QEMU's words (`ShutdownCause` of its protocol): `guest-shutdown`, `host-qmp-quit`.
    var cause: String?
    /// The last lines of its log.
    var complaint: String

    /// What that means: a machine is stopped only when its guest or we powered it off. QEMU ends with status 0 after
    /// a guest's panic and after somebody's SIGTERM too.
    var state: InstanceState {
        if let signal { return .failed("QEMU was killed by signal \(signal).") }
        guard status == 0 else {
            return .failed(complaint.isEmpty ? "QEMU ended with status \(status ?? -1)." : "QEMU: \(complaint)")
        }
        switch cause {
        case "guest-panic": return .failed("The guest's kernel panicked.")
        case "host-signal": return .failed("QEMU was ended by a signal.")
        case "host-error", "subsystem-reset", "none": return .failed("QEMU ended by itself (\(cause ?? "")).")
        case nil where complaint.contains("terminating on signal"): return .failed("QEMU was ended by a signal.")
        default: return .stopped
        }
    }
}

extension MachineEnd {
    /// QEMU's trace event for a request to end, which it writes to its log: `qemu_system_shutdown_request reason=6`.
    static let tracedEvent = "qemu_system_shutdown_request"

    /// The end of a QEMU that no parent saw, from its log; nil when the log does not tell a proper one, as after `kill -9`.
    init?(readingFrom log: FilePath) {
        let bytes = (try? SmallFile.readEnd(of: log, last: 4096)) ?? []
        let reason = ConsoleText.lines(of: bytes).last { $0.contains(Self.tracedEvent) }?.split(separator: "=").last
        // The order of `ShutdownCause` in qapi/run-state.json; a reset, 7, is no end.
        switch reason {
        case "2": cause = "host-qmp-quit"
        case "4": cause = "host-signal"
        case "6": cause = "guest-shutdown"
        case "8": cause = "guest-panic"
        default: return nil
        }
        status = 0
        complaint = ""
    }
}
