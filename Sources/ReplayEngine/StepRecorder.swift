import GuestSupervisor
import ReplayEvents
import Synchronization

/// Turns what happens on the guest into events and the build's log.
final class StepRecorder: Sendable {
    private struct Expected {
        var task: TaskID
        var label: String
        var lastLines = LastLines()
    }

    let log: BuildLog
    private let events: EventHandler
    private let expected = Mutex<[String: Expected]>([:])

    init(log: BuildLog, events: @escaping EventHandler) {
        self.log = log
        self.events = events
    }

    /// Says which task a step of the guest is, before it is queued.
    func expect(_ id: String, task: TaskID, label: String) {
        expected.withLock { $0[id] = Expected(task: task, label: label) }
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
                return expected[id]?.task
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
        case .skipped: break
        case .linkLost: events(.warning("The connection to the machine was lost; its steps go on. Connecting again."))
        case .linkRestored: events(.notice("The connection to the machine is back."))
        }
    }
}
