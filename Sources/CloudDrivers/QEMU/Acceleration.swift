/// How QEMU executes the guest's instructions.
enum Acceleration: String, Codable, Sendable, Hashable {
    /// By the processor itself, through `/dev/kvm`.
    case kvm
    /// By translation, one host thread a virtual processor.
    case tcg

    /// QEMU's arguments for it.
    var arguments: [String] {
        switch self {
        case .kvm: ["-accel", "kvm", "-cpu", "host"]
        // Five-level page tables make each walk longer and serve nobody in a small guest.
        case .tcg: ["-accel", "tcg,thread=multi", "-cpu", "max,la57=off"]
        }
    }
}

/// What is known of acceleration on one machine with one QEMU.
struct AccelerationVerdict: Codable, Sendable, Hashable {
    /// What to use.
    var acceleration: Acceleration
    /// Whether a real guest has come up with it; a probe alone does not say that.
    var isProven: Bool
    /// Why it is not hardware acceleration; empty when it is.
    var reason: String
}
