import GuestSupervisor
import ReplayEvents
import Synchronization
import SystemCalls

/// Turns what happens on the guest into events and the build's log.
final class StepRecorder: Sendable {
    private struct Expected {
        var task: TaskID
        var label: String
        var lastLines = LastLines()
        /// What a step of our own has answered; nil for a step whose output is for people.
        var answer: [UInt8]?
        /// Whether its start was told in this process.
        var isAnnounced = false
    }

    let log: BuildLog
    private let progress: BuildProgress?
    private let events: EventHandler
    private let expected = Mutex<[String: Expected]>([:])

    init(log: BuildLog, progress: BuildProgress?, events: @escaping EventHandler) {
        self.log = log
        self.progress = progress
        self.events = events
    }

    /// Says which task a step of the guest is, before it is queued.
    /// - Parameter answers: Whether its output is an answer, for ``answer(of:)`` and the log, and not for the screen.
    func expect(_ id: String, task: TaskID, label: String, answers: Bool = false) {
        expected.withLock { expected in
            // A resumed build's steps are expected before the guest is asked about them: what came since stays.
            guard expected[id] == nil else { return }
            expected[id] = Expected(task: task, label: label, answer: answers ? [] : nil)
        }
    }

    /// Tells that a step has begun, unless that was told before; a step may have begun when another process followed it.
    private func announce(_ id: String) {
        let step = expected.withLock { expected -> Expected? in
            guard let step = expected[id], !step.isAnnounced else { return nil }
            expected[id]?.isAnnounced = true
            return step
        }
        if let step { events(.taskStarted(step.task, label: step.label)) }
    }

    /// What a step has answered.
    func answer(of id: String) -> String {
        String(decoding: expected.withLock { $0[id]?.answer } ?? [], as: UTF8.self)
    }

    /// The last lines that a step wrote.
    func lastLines(of id: String) -> [String] { expected.withLock { $0[id]?.lastLines.text ?? [] } }

    /// Takes one event of the guest.
    func receive(_ event: GuestEvent) {
        switch event {
        case .started(let id):
            guard let step = expected.withLock({ $0[id] }) else { return }
            log.heading("=== \(step.label)")
            CrashPoint.stepStarted.pass()
            announce(id)
        case .output(let id, let bytes):
            announce(id)
            log.append(bytes)
            CrashPoint.outputLogged.pass()
            let task = expected.withLock { expected -> TaskID? in
                expected[id]?.lastLines.append(bytes)
                guard expected[id]?.answer != nil else { return expected[id]?.task }
                expected[id]?.answer?.append(contentsOf: bytes)
                return nil
            }
            if let task { events(.taskOutput(task, bytes)) }
        case .finished(let result):
            announce(result.id)
            guard let step = expected.withLock({ $0[result.id] }) else { return }
            log.heading("--- \(result.end), \(result.duration)")
            CrashPoint.stepFinished.pass()
            let outcome: TaskOutcome =
                switch result.end {
                case .exited(0): .done
                case .cancelled: .cancelled
                default: .failed("\(result.end)")
                }
            events(.taskFinished(step.task, outcome))
        case .restarting(let id):
            guard let step = expected.withLock({ $0[id] }) else { return }
            events(.notice("The machine restarts: \(step.label)"))
        case .skipped: break
        case .acknowledging(let position):
            note(position)
            CrashPoint.positionNoted.pass()
        case .linkLost: events(.warning("The connection to the machine was lost; its steps go on. Connecting again."))
        case .linkRestored: events(.notice("The connection to the machine is back."))
        }
    }

    /// Notes how far the guest has been followed.
    func note(_ position: GuestPosition) {
        do { try progress?.note(position, logSize: log.size) } catch { log.fail(error) }
    }
}
