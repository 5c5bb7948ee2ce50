import Dispatch

/// Runs an actor's jobs on a serial queue of its own, where they may block: the cooperative pool has as few threads
/// as the machine has cores, and one `poll(2)` in it would hold up everybody else.
///
/// An actor keeps it in a property and answers it as its `unownedExecutor`. `DispatchSerialQueue`, which is such an
/// executor already, does not exist on Linux.
public final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// Makes an executor with a queue of this name, which debuggers show.
    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs the job later, after those before it.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedSerialExecutor()
        queue.async {
            unsafe job.runSynchronously(on: executor)
        }
    }

    /// Traps unless the caller runs on the queue.
    public func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
