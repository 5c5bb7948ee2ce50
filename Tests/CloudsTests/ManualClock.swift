import ReplayTestSupport

/// A clock whose sleeps end at once and move it on.
final class ManualClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (a: Instant, b: Instant) -> Bool { a.offset < b.offset }
    }

    let pauses = Shared<[Duration]>([])
    private let time = Shared(Instant(offset: .zero))
    var now: Instant { time.value }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let before = now
        pauses.withLock { $0.append(before.duration(to: deadline)) }
        time.withLock { $0 = max($0, deadline) }
    }
}
