internal import Clouds
internal import Synchronization

/// Follows one machine for as long as it lives, so that questions about it cost no call.
final class MachineWatch: Sendable {
    private static let paths = [
        "runtime.powerState", "runtime.question", "guest.net", "guest.ipAddress", "guest.toolsRunningStatus",
        "config.hardware.device",
    ]

    /// How long the server may be out of reach before that is the machine's news.
    private static let patience = Duration.seconds(300)

    private let news: News
    private let follower: Task<Void, Never>

    /// Begins to follow a machine.
    /// - Parameter answer: Called with the hypervisor's questions.
    init(_ machine: ManagedObject, _ session: VimSession, answer: @escaping @Sendable (Element) async -> Void) {
        let news = News()
        self.news = news
        follower = Task {
            var lost: ContinuousClock.Instant?
            while true {
                let before = news.count
                do {
                    let _: Never = try await session.follow(
                        machine, Self.paths, for: "news of the machine", within: nil
                    ) { properties in
                        news.note(.success(properties))
                        if let question = properties["runtime.question"], question["id"] != nil {
                            await answer(question)
                        }
                        return nil
                    }
                } catch {
                    // A server that cannot be asked for a moment has not lost the machine.
                    if news.count > before { lost = nil }
                    let since = lost ?? .now
                    lost = since
                    let isGone = (error as? CloudError)?.code == .notFound
                    if Task.isCancelled || isGone || news.count == 0 || ContinuousClock.now - since > Self.patience {
                        return news.note(.failure(error))
                    }
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    deinit { follower.cancel() }

    /// Ends the watch, and waits until it has ended.
    func end() async {
        follower.cancel()
        await follower.value
    }

    /// Whether it still follows.
    var isAlive: Bool { news.isAlive }

    /// What is known now; waits for the first news.
    /// - Throws: What ended the watch.
    func properties() async throws -> Properties { try await news.latest().get() }
}

/// The latest news, and whoever waits for the first.
private final class News: Sendable {
    private struct State {
        var latest: Result<Properties, any Error>?
        var count = 0
        var waiters: [CheckedContinuation<Result<Properties, any Error>, Never>] = []
    }

    private let state = Mutex(State())

    func note(_ news: Result<Properties, any Error>) {
        let waiters = state.withLock { state in
            state.latest = news
            state.count += 1
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: news) }
    }

    /// How many there were.
    var count: Int { state.withLock { $0.count } }

    var isAlive: Bool {
        state.withLock { state in
            if case .failure? = state.latest { false } else { true }
        }
    }

    func latest() async -> Result<Properties, any Error> {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.latest == nil { state.waiters.append(continuation) }
                return state.latest
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
