internal import Clouds
internal import FoundationEssentials
internal import ReplayEvents
internal import SystemCalls
internal import SystemPackage

/// Decides between hardware acceleration and emulation, says so once, and remembers it.
///
/// The verdict is kept in a file, for this QEMU, this kernel, this processor and this user's access to `/dev/kvm`: when
/// one of them changes, it is tried anew.
actor AccelerationChooser {
    /// The file that holds the verdicts.
    let file: FilePath
    /// The device of hardware acceleration.
    let device: FilePath
    private let patience: Duration
    private var known: [String: AccelerationVerdict] = [:]
    private var trial: Task<AccelerationVerdict, any Error>?

    init(file: FilePath, device: FilePath, patience: Duration = .seconds(5)) {
        self.file = file
        self.patience = patience
        self.device = device
    }

    /// What to use. The first call on a machine takes as long as the probe does.
    func choose(_ tools: QEMUTools, events: @escaping EventHandler) async throws -> AccelerationVerdict {
        let key = try await key(tools)
        if let verdict = known[key] ?? stored()[key] {
            known[key] = verdict
            return verdict
        }
        // Two launches at once probe once. Nobody's cancellation ends it for the other: it ends soon by itself.
        let trial = self.trial ?? Task { try await self.verdict(tools) }
        self.trial = trial
        defer { self.trial = nil }
        let verdict = try await trial.value
        try Task.checkCancellation()
        if known[key] == nil { remember(verdict, key, events) }
        return known[key] ?? verdict
    }

    /// Tries it anew, and remembers what comes out when it is something else than before.
    func examine(_ tools: QEMUTools) async throws -> AccelerationVerdict {
        let verdict = try await verdict(tools)
        let key = try await key(tools)
        if let old = stored()[key], old.acceleration == verdict.acceleration { return old }
        remember(verdict, key) { _ in }
        return verdict
    }

    /// A guest came up under hardware acceleration.
    func prove(_ tools: QEMUTools) async throws {
        let key = try await key(tools)
        remember(AccelerationVerdict(acceleration: .kvm, isProven: true, reason: ""), key) { _ in }
    }

    /// A guest did not come up under hardware acceleration.
    func refute(_ tools: QEMUTools, reason: String, events: @escaping EventHandler) async throws {
        let key = try await key(tools)
        remember(AccelerationVerdict(acceleration: .tcg, isProven: true, reason: reason), key, events)
    }

    private func verdict(_ tools: QEMUTools) async throws -> AccelerationVerdict {
        let reason = try await unavailable()
        if let reason { return AccelerationVerdict(acceleration: .tcg, isProven: true, reason: reason) }
        let probe = AccelerationProbe(
            tools: tools, disk: file.removingLastComponent().appending("probe.img"), patience: patience)
        if let reason = try await probe.failure() {
            return AccelerationVerdict(acceleration: .tcg, isProven: true, reason: reason)
        }
        return AccelerationVerdict(acceleration: .kvm, isProven: false, reason: "")
    }

    private func unavailable() async throws -> String? {
        #if !arch(x86_64)
            return "this machine's processor is of another kind than the guest's"
        #else
            guard (try? device.stat()) != nil else { return "this machine has no \(device)" }
            guard FileAccess.canReadAndWrite(device) else {
                return "\(device) is not yours to use (sudo usermod -aG kvm $USER, then log in again)"
            }
            return nil
        #endif
    }

    private func key(_ tools: QEMUTools) async throws -> String {
        func text(_ path: FilePath) -> String {
            String(decoding: (try? SmallFile.read(path)) ?? [], as: UTF8.self)
        }
        let processor =
            text("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { String($0).trimmingPrefix(" ") } ?? "unknown processor"
        let kernel = text("/proc/sys/kernel/osrelease").split(separator: "\n").first ?? "unknown"
        let access = FileAccess.canReadAndWrite(device) ? "with \(device)" : "without \(device)"
        return "QEMU \(try await tools.version()), Linux \(kernel), \(processor), \(access)"
    }

    private func stored() -> [String: AccelerationVerdict] {
        guard let bytes = try? SmallFile.read(file) else { return [:] }
        // A file that cannot be read is as good as none: the verdict is found again.
        return (try? JSONDecoder().decode([String: AccelerationVerdict].self, from: Data(bytes))) ?? [:]
    }

    private func remember(_ verdict: AccelerationVerdict, _ key: String, _ events: EventHandler) {
        known[key] = verdict
        var all = stored()
        all[key] = verdict
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Without a place to remember it, it is found again next time.
        if let bytes = try? encoder.encode(all) { try? AtomicFile.write(bytes, to: file) }
        if verdict.acceleration == .tcg {
            events(
                .notice(
                    "No hardware acceleration: \(verdict.reason). Machines are emulated, which is slower. "
                        + "(Remembered in \(file); replay doctor tries again.)"))
        }
    }
}
