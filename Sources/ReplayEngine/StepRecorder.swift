import GuestSupervisor
import ReplayEvents
import Synchronization

/// Turns what happens on the guest into events and the build's log.
final class StepRecorder: Sendable {
    private struct Expected {
        var task: TaskID
        var label: String
        var lastLines = LastLines()
        /// What a step of our own has answered; nil for a step whose output is for people.
        var answer: [UInt8]?
    }

    let log: BuildLog
    private let events: EventHandler
    private let expected = Mutex<[String: Expected]>([:])

    init(log: BuildLog, events: @escaping EventHandler) {
        self.log = log
        self.events = events
    }

    /// Says which task a step of the guest is, before it is queued.
    /// - Parameter answers: Whether its output is an answer, for ``answer(of:)`` and the log, and not for the screen.
    func expect(_ id: String, task: TaskID, label: String, answers: Bool = false) {
        expected.withLock { $0[id] = Expected(task: task, label: label, answer: answers ? [] : nil) }
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
            events(.taskStarted(step.task, label: step.label))
        case .output(let id, let bytes):
            log.append(bytes)
            let task = expected.withLock { expected -> TaskID? in
                expected[id]?.lastLines.append(bytes)
                guard expected[id]?.answer != nil else { return expected[id]?.task }
                expected[id]?.answer?.append(contentsOf: bytes)
                return nil
            }
            if let task { events(.taskOutput(task, bytes)) }
        case .finished(let result):
            guard let step = expected.withLock({ $0[result.id] }) else { return }
            log.heading("--- \(result.end), \(result.duration)")
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
        case .linkLost: events(.warning("The connection to the machine was lost; its steps go on. Connecting again."))
        case .linkRestored: events(.notice("The connection to the machine is back."))
        }
    }
}
