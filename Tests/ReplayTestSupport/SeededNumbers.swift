import Foundation

/// Random numbers that a printed seed gives again (SplitMix64, Steele et al., 2014).
public struct SeededNumbers: RandomNumberGenerator {
    /// What to start from to get the same numbers.
    public let seed: UInt64
    private var state: UInt64

    /// Starts from a seed; without one from `REPLAY_SEED`, or else from the system's random numbers.
    public init(seed: UInt64? = nil) {
        let wanted = seed ?? ProcessInfo.processInfo.environment["REPLAY_SEED"].flatMap { UInt64($0) }
        self.seed = wanted ?? UInt64.random(in: 0...UInt64(UInt32.max))
        state = self.seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Whether the long proofs were asked for (`make soak`).
    public static var isSoak: Bool { ProcessInfo.processInfo.environment["REPLAY_SOAK"] != nil }
}
