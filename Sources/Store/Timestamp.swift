import FoundationEssentials

/// A moment as the database has it: whole milliseconds since 1970, so that what is read equals what was written.
struct Timestamp: Sendable, Hashable {
    var milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    static var now: Timestamp { Timestamp(Date()) }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
