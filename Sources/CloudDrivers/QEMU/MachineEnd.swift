internal import Clouds

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
