import ReplayEvents

/// How far a task has come, and how fast it is now: over the last five seconds.
struct ProgressMeter: Sendable {
    private(set) var completed: Int64 = 0
    private(set) var total: Int64?
    private(set) var unit = ProgressUnit.bytes
    private var samples: [(elapsed: Duration, completed: Int64)] = []

    private static let window = Duration.seconds(5)
    private static let spacing = Duration.milliseconds(250)

    mutating func update(completed: Int64, total: Int64?, unit: ProgressUnit, at elapsed: Duration) {
        self.completed = completed
        self.total = total
        self.unit = unit
        guard let last = samples.last else { return samples.append((elapsed, completed)) }
        guard elapsed - last.elapsed >= ProgressMeter.spacing else { return }
        samples.append((elapsed, completed))
        // One sample may be older than the window, so that the window is covered.
        while samples.count > 2, elapsed - samples[1].elapsed >= ProgressMeter.window { samples.removeFirst() }
    }

    /// Whether all is done, as far as that is known.
    var isComplete: Bool { total.map { completed >= $0 } ?? false }

    /// `8.1MB/s`; nil while nothing can be said, and for things that are no bytes.
    func rate(at elapsed: Duration) -> String? {
        guard unit == .bytes, let first = samples.first else { return nil }
        let time = elapsed - first.elapsed
        guard time >= ProgressMeter.spacing else { return nil }
        let rate = Double(max(0, completed - first.completed)) / (time / .seconds(1))
        return rate < 1e18 ? "\(Figures.bytes(Int64(rate)))/s" : nil
    }

    /// `12.6MB / 45.1MB`.
    var amount: String { Figures.amount(completed, of: total, isBytes: unit == .bytes) }

    /// `[=====>    ]` of so many cells in all; nil while the total is unknown.
    func bar(cells: Int) -> String? {
        guard let total, total > 0, cells >= 3 else { return nil }
        let inner = cells - 2
        let share = Double(min(max(completed, 0), total)) / Double(total)
        let filled = min(inner, Int(share * Double(inner)))
        let head = filled < inner ? ">" : ""
        return "[\(String(repeating: "=", count: filled))\(head)"
            + String(repeating: " ", count: inner - filled - head.utf8.count) + "]"
    }
}
