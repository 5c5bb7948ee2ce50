/// Waits for what a cloud does in its own time: asks again and again, with growing pauses, until a deadline.
///
/// Waiting lives here and nowhere else: a driver's verbs answer at once. Cancelling the task ends a wait at once with a
/// `CancellationError`. Time comes from the clock, so that a test can have its own.
public struct Waiter: Sendable {
    private let clock: any Clock<Duration>
    private let firstPause: Duration
    private let longestPause: Duration

    /// Makes a waiter.
    /// - Parameters:
    ///   - firstPause: The pause after the first question; each further one is half as long again.
    ///   - longestPause: No pause is longer.
    public init(
        clock: any Clock<Duration> = ContinuousClock(), firstPause: Duration = .milliseconds(100),
        longestPause: Duration = .seconds(2)
    ) {
        self.clock = clock
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// Asks until there is an answer.
    /// - Parameters:
    ///   - what: What is waited for, as the error says it: `the guest's power-off`.
    ///   - limit: The longest wait. The question is asked at least once, and once more when the limit is reached.
    ///   - question: Answers nil for "not yet". What it throws ends the wait.
    /// - Throws: ``CloudError/Code/timedOut`` after the limit, `CancellationError`, or what the question throws.
    public func wait<Answer: Sendable>(
        for what: String, within limit: Duration, _ question: @Sendable () async throws -> Answer?
    ) async throws -> Answer {
        try await wait(for: what, within: limit, on: clock, question)
    }

    /// Waits until a machine is in a state. A state that cannot lead there any more ends the wait.
    /// - Throws: ``CloudError/Code/timedOut``; ``CloudError/Code/launchFailed`` when the machine failed, with the last
    ///   lines of its console; ``CloudError/Code/notFound`` when it does not exist (unless that is what is waited for).
    public func wait(
        until wanted: InstanceState, of instance: Instance, on driver: any CloudDriver, within limit: Duration
    ) async throws {
        _ = try await wait(for: "the machine being \(wanted.words)", within: limit) { () async throws -> Bool? in
            let state = try await driver.state(of: instance)
            if state == wanted { return true }
            switch state {
            case .failed(let reason):
                throw await CloudError(
                    .launchFailed, "The machine failed: \(reason)", context: driver.consoleLines(of: instance))
            case .absent: throw CloudError(.notFound, "The machine does not exist any more.")
            case .stopped where wanted == .running:
                throw await CloudError(
                    .launchFailed, "The machine powered itself off.", context: driver.consoleLines(of: instance))
            case .starting, .running, .stopped: return nil
            }
        }
    }

    private func wait<Answer: Sendable, C: Clock<Duration>>(
        for what: String, within limit: Duration, on clock: C, _ question: @Sendable () async throws -> Answer?
    ) async throws -> Answer {
        let deadline = clock.now.advanced(by: limit)
        var pause = firstPause
        while true {
            try Task.checkCancellation()
            let late = clock.now >= deadline
            if let answer = try await question() { return answer }
            if late {
                throw CloudError(.timedOut, "Waiting for \(what) took longer than \(limit.components.seconds) s.")
            }
            let remaining = clock.now.duration(to: deadline)
            try await clock.sleep(for: max(.zero, min(pause, remaining)))
            pause = min(pause * 3 / 2, longestPause)
        }
    }
}

extension InstanceState {
    /// The state in words, for messages.
    public var words: String {
        switch self {
        case .starting: "started"
        case .running: "up"
        case .stopped: "powered off"
        case .failed: "failed"
        case .absent: "gone"
        }
    }
}

extension CloudDriver {
    /// The last lines of a machine's console, for an error's context; none when they cannot be had. Control characters
    /// are left out: a guest must not drive the user's terminal.
    public func consoleLines(of instance: Instance, count: Int = 20) async -> [String] {
        guard let bytes = try? await console(of: instance, last: 8192) else { return [] }
        return Array(ConsoleText.lines(of: bytes).suffix(count))
    }
}

/// Text that a guest wrote to its console, made safe for showing.
public enum ConsoleText {
    /// The lines, without escape sequences, other control characters and empty lines.
    public static func lines(of bytes: [UInt8]) -> [String] {
        var text = ""
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case "\u{1b}":
                // ECMA-48: CSI ends with a byte from @ to ~; other sequences here are two characters long.
                guard scalars.next() == "[" else { continue }
                while let next = scalars.next(), !("@"..."~").contains(next) {}
            case "\n", "\t": text.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value): continue
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.split(separator: "\n").map(String.init).filter { $0.contains { $0 != " " && $0 != "\t" } }
    }
}
