import ReplayPlan

/// The file that a COPY's archive becomes on the guest.
struct StepUpload {
    /// Its name, made of its content where that is known: equal archives are sent once, also by a client that comes
    /// later.
    var blob: String
    /// Whether a later step takes it too.
    var isUsedAgain: Bool

    /// The uploads of steps, by the steps' numbers.
    static func all(for steps: [Step], from archives: any CopyArchiveSource) -> [Int: StepUpload] {
        var uploads: [Int: StepUpload] = [:]
        var later: Set<String> = []
        for step in steps.reversed() {
            guard case .copy(let action) = step.action, !action.sources.isEmpty else { continue }
            let identity = archives.identity(of: action) ?? step.digest
            let blob = "copy-" + (identity.split(separator: ":").last.map { String($0.prefix(32)) } ?? "")
            uploads[step.number] = StepUpload(blob: blob, isUsedAgain: !later.insert(blob).inserted)
        }
        return uploads
    }
}
