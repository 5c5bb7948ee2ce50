internal import Clouds
internal import FoundationEssentials
internal import SystemCalls
internal import SystemPackage

/// Something that QEMU reports by itself.
struct QMPEvent: Sendable, Hashable {
    /// Its name: `SHUTDOWN`, `RESET`, `GUEST_PANICKED`.
    let name: String
    /// Its details.
    let data: JSONValue
}

/// Speaks QEMU's machine protocol over its Unix socket
/// (<https://www.qemu.org/docs/master/interop/qmp-spec.html>). QEMU serves one client of a socket at a time.
actor QMPClient {
    private let socket: UnixSocket
    private let onEvent: @Sendable (QMPEvent) -> Void
    private var pending: [Int64: CheckedContinuation<JSONValue, any Error>] = [:]
    private var greeting: CheckedContinuation<JSONValue, any Error>?
    private var greeted = false
    private var next: Int64 = 1
    private var isClosed = false
    private var reader: Task<Void, Never>?

    /// Connects and negotiates. The events come in order, before the connection counts as closed.
    /// - Throws: `SystemCallError` when nobody listens; `.timedOut` when QEMU serves somebody else or is not ready.
    static func connect(
        to path: FilePath, patience: Duration = .seconds(10), onEvent: @escaping @Sendable (QMPEvent) -> Void = { _ in }
    ) async throws -> QMPClient {
        let client = QMPClient(try UnixSocket.connect(to: path), onEvent)
        await client.startReading()
        do {
            try await client.waitForGreeting(patience)
            try await client.execute("qmp_capabilities", patience: patience)
            return client
        } catch {
            client.close()
            throw error
        }
    }

    private init(_ socket: UnixSocket, _ onEvent: @escaping @Sendable (QMPEvent) -> Void) {
        self.socket = socket
        self.onEvent = onEvent
    }

    /// Runs a command and answers what it returns.
    /// - Throws: ``CloudError`` with QEMU's sentence, `.timedOut` without an answer in time, `.notFound` when QEMU is gone.
    @discardableResult
    func execute(
        _ command: String, _ arguments: JSONValue = [:], patience: Duration = .seconds(10)
    ) async throws -> JSONValue {
        guard !isClosed else { throw gone }
        let id = next
        next += 1
        let message: JSONValue = ["execute": .text(command), "arguments": arguments, "id": .integer(id)]
        let bytes = Array(try JSONEncoder().encode(message)) + [UInt8(ascii: "\n")]
        let deadline = Task {
            try await Task.sleep(for: patience)
            self.answer(
                id, .failure(CloudError(.timedOut, "QEMU did not answer '\(command)' within \(patience).")))
        }
        defer { deadline.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                pending[id] = continuation
                do { try socket.send(bytes) } catch { answer(id, .failure(gone)) }
            }
        } onCancel: {
            Task { await self.answer(id, .failure(CancellationError())) }
        }
    }

    /// Runs a command of the human monitor and answers its text.
    func monitor(_ line: String) async throws -> String {
        try await execute("human-monitor-command", ["command-line": .text(line)]).text ?? ""
    }

    /// Waits until QEMU has closed the connection, which it does when it ends; all events have been reported then.
    func waitUntilClosed() async { await reader?.value }

    /// Ends the connection; what waits for answers fails.
    nonisolated func close() { socket.close() }

    private var gone: CloudError { CloudError(.notFound, "QEMU has ended.") }

    private func startReading() {
        reader = Task { [socket] in
            var rest: [UInt8] = []
            for await bytes in socket.received {
                rest += bytes
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    receive(Array(rest[..<end]))
                    rest.removeSubrange(...end)
                }
            }
            finish()
        }
    }

    private func receive(_ line: [UInt8]) {
        // QEMU sends one JSON object a line; what cannot be read is not for us.
        guard let message = try? JSONDecoder().decode(JSONValue.self, from: Data(line)) else { return }
        if let name = message["event"]?.text {
            onEvent(QMPEvent(name: name, data: message["data"] ?? .null))
        } else if message["QMP"] != nil {
            greeted = true
            greeting?.resume(returning: message)
            greeting = nil
        } else if let id = message["id"]?.integer {
            if let error = message["error"] {
                answer(id, .failure(CloudError(.launchFailed, "QEMU said: \(error["desc"]?.text ?? "no reason")")))
            } else {
                answer(id, .success(message["return"] ?? .null))
            }
        }
    }

    private func answer(_ id: Int64, _ result: Result<JSONValue, any Error>) {
        pending.removeValue(forKey: id)?.resume(with: result)
    }

    private func finish() {
        isClosed = true
        for continuation in pending.values { continuation.resume(throwing: gone) }
        pending = [:]
        greeting?.resume(throwing: gone)
        greeting = nil
    }

    private func waitForGreeting(_ patience: Duration) async throws {
        let deadline = Task {
            try await Task.sleep(for: patience)
            self.abandonGreeting(CloudError(.timedOut, "QEMU's control socket is busy."))
        }
        defer { deadline.cancel() }
        _ = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if greeted {
                    continuation.resume(returning: JSONValue.null)
                } else if isClosed {
                    continuation.resume(throwing: gone)
                } else {
                    greeting = continuation
                }
            }
        } onCancel: {
            Task { await self.abandonGreeting(CancellationError()) }
        }
    }

    private func abandonGreeting(_ error: any Error) {
        greeting?.resume(throwing: error)
        greeting = nil
    }
}
