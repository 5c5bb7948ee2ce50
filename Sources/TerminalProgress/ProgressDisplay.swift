import ReplayEvents

/// One way to show events. Pure but for its own state: it appends to `output` what is to be written.
protocol ProgressDisplay: Sendable {
    /// Takes an event that happened this long after the beginning.
    mutating func handle(_ event: ReplayEvent, at elapsed: Duration, into output: inout [UInt8])
    /// Draws what changes with time alone.
    mutating func refresh(at elapsed: Duration, into output: inout [UInt8])
    /// Writes what is still to be written.
    mutating func finish(at elapsed: Duration, into output: inout [UInt8])
}

extension ProgressDisplay {
    mutating func refresh(at elapsed: Duration, into output: inout [UInt8]) {}
}

extension [UInt8] {
    mutating func write(_ text: String) { append(contentsOf: text.utf8) }
}
