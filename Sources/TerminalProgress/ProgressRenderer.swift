public import ReplayEvents
import Synchronization
public import SystemCalls

/// Draws events. Give ``handle(_:)`` to whoever does the work, and call ``finish()`` in the end, in any case.
///
/// No byte of a guest reaches a terminal as a control sequence, in any mode.
///
/// ## The JSON format
///
/// One object a line. `event` names what happened, `elapsed` is seconds since the renderer was made, with three digits:
///
/// | event | further fields |
/// |---|---|
/// | `build-started` | `name`, `steps` |
/// | `task-started` | `task`, `label` |
/// | `task-progress` | `task`, `completed`, `total` (when known), `unit` (`bytes`, `items`); at most one a second, and the last |
/// | `task-note` | `task`, `text` |
/// | `task-output` | `task`, `text`; `bytes` when the output was not UTF-8 |
/// | `task-finished` | `task`, `outcome` (`done`, `cached`, `failed`, `cancelled`), `message` (when failed) |
/// | `warning`, `notice` | `text` |
/// | `build-finished` | `template`, `identifier` |
/// | `build-failed` | `message` |
///
/// The `text`s of one task's outputs, joined, are its output: a character that was cut by the transport is put together
/// again. Bytes that are no UTF-8 stand as U+FFFD in `text`, and `bytes` has the very bytes in base64 (RFC 4648).
public final class ProgressRenderer: Sendable {
    /// What is known of the place that the output goes to.
    public struct Surroundings: Sendable {
        /// Whether colours are wanted.
        public var color: Bool
        /// The size of the terminal's window, asked before each drawing; nil means 80 by 24.
        public var window: @Sendable () -> TerminalWindow?
        /// The time.
        public var now: @Sendable () -> ContinuousClock.Instant

        /// Describes the surroundings.
        public init(
            color: Bool = false, window: @escaping @Sendable () -> TerminalWindow? = { nil },
            now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
        ) {
            self.color = color
            self.window = window
            self.now = now
        }
    }

    private struct State {
        var display: any ProgressDisplay
        var output: [UInt8] = []
        var isFinished = false
    }

    private let state: Mutex<State>
    private let surroundings: Surroundings
    private let start: ContinuousClock.Instant
    private let sink: @Sendable ([UInt8]) -> Void

    /// Makes a renderer.
    ///
    /// - Parameters:
    ///   - mode: How to draw; ``ProgressMode/auto`` counts as ``ProgressMode/plain``: resolve it before.
    ///   - sink: Writes bytes, usually to standard error. It is called from any thread, one call at a time.
    public init(
        _ mode: ProgressMode, surroundings: Surroundings = Surroundings(), sink: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.surroundings = surroundings
        self.sink = sink
        start = surroundings.now()
        let display: any ProgressDisplay =
            switch mode {
            case .tty: TerminalDisplay(color: surroundings.color, window: surroundings.window)
            case .plain, .auto: PlainDisplay()
            case .json: JSONDisplay()
            case .quiet: QuietDisplay()
            }
        state = Mutex(State(display: display))
        if mode == .tty { tick() }
    }

    /// Draws an event. May be called from any thread; after ``finish()`` it does nothing.
    public func handle(_ event: ReplayEvent) {
        update { display, elapsed, output in display.handle(event, at: elapsed, into: &output) }
    }

    /// Draws what is due: running times go on when nothing happens. On a terminal this happens by itself.
    public func refresh() {
        update { display, elapsed, output in display.refresh(at: elapsed, into: &output) }
    }

    /// Draws the last state and leaves the terminal as it was found. A second call does nothing.
    public func finish() {
        update(last: true) { display, elapsed, output in display.finish(at: elapsed, into: &output) }
    }

    private func update(last: Bool = false, _ body: (inout any ProgressDisplay, Duration, inout [UInt8]) -> Void) {
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = last
            body(&state.display, start.duration(to: surroundings.now()), &state.output)
            guard !state.output.isEmpty else { return }
            // Inside the lock: what is drawn first is written first.
            sink(state.output)
            state.output.removeAll(keepingCapacity: state.output.capacity <= 1 << 20)
        }
    }

    private func tick() {
        Task.detached { [weak self] in
            while true {
                try? await Task.sleep(for: TerminalDisplay.interval)
                guard let self, !self.state.withLock({ $0.isFinished }) else { return }
                self.refresh()
            }
        }
    }
}
