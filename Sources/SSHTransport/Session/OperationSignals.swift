import Synchronization

/// What ends a connection's waiting from outside: somebody closed it.
final class ConnectionSignals: Sendable {
    let wakeup: Wakeup
    private let closed = Atomic(false)

    init() throws { wakeup = try Wakeup() }

    var isClosed: Bool { closed.load(ordering: .acquiring) }

    func close() {
        closed.store(true, ordering: .releasing)
        wakeup.signal()
    }
}

/// What ends one operation's waiting from outside: its task was cancelled. A flag for each operation, so that a
/// cancellation that comes too late does not hit the next one.
final class OperationSignals: Sendable {
    private let connection: ConnectionSignals
    private let cancelled = Atomic(false)

    init(_ connection: ConnectionSignals) { self.connection = connection }

    var wakeup: Wakeup { connection.wakeup }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
        connection.wakeup.signal()
    }

    func check() throws {
        if cancelled.load(ordering: .acquiring) { throw CancellationError() }
        if connection.isClosed { throw SSHError(.closed, "The SSH connection was closed.") }
    }
}
