internal import Synchronization
internal import SystemCalls
public import SystemPackage

/// An HTTP client over libcurl: one request at a time, over connections that are kept.
///
/// TLS certificates are always verified, by ``HTTPTrust``. Proxies come from the environment (`https_proxy`, `no_proxy`), as curl reads it.
/// Cancelling the task ends a request at once with `CancellationError`.
public actor HTTPClient {
    private let executor = QueueExecutor(label: "replay.http")
    private let limits: HTTPLimits
    private let trust: HTTPTrust
    private var session: CurlSession?

    /// Makes a client.
    /// - Parameters:
    ///   - limits: How long to wait.
    ///   - trust: Whose certificates to accept.
    public init(limits: HTTPLimits = HTTPLimits(), trust: HTTPTrust = .system) {
        self.limits = limits
        self.trust = trust
    }

    /// The client's own queue: libcurl blocks there.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Fetches into memory.
    /// - Parameter limit: The largest body that is accepted, in bytes.
    /// - Throws: ``HTTPError``; every status of 400 or above is one.
    public func get(_ request: HTTPRequest, limit: Int = 16 << 20) async throws -> HTTPResponse {
        let body = MemoryBody(limit: limit)
        let head = try await perform(request, headers: request.headers, into: body)
        return HTTPResponse(status: head.status, headers: head.headers, body: body.bytes)
    }

    /// Sends a request and answers what the server says, whatever the status.
    /// - Parameter limit: The largest body that is accepted, in bytes.
    /// - Throws: ``HTTPError`` when there is no whole answer.
    public func exchange(_ request: HTTPRequest, limit: Int = 64 << 20) async throws -> HTTPResponse {
        let body = MemoryBody(limit: limit)
        let head = try await perform(request, headers: request.headers, into: body, takesErrors: true)
        return HTTPResponse(status: head.status, headers: head.headers, body: body.bytes)
    }

    /// Fetches into a file, which is made anew.
    ///
    /// A transfer that breaks is resumed where it broke, if the server can and the document is the same. On an error
    /// or a cancellation the file is removed.
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The largest body that is accepted, in bytes.
    ///   - attempts: How many times a broken transfer is tried in all.
    ///   - progress: Called on the client's queue, about ten times a second.
    /// - Throws: ``HTTPError``.
    @discardableResult
    public func download(
        _ request: HTTPRequest, to path: FilePath, limit: Int64 = .max, attempts: Int = 4,
        progress: @escaping @Sendable (HTTPProgress) -> Void = { _ in }
    ) async throws -> HTTPResponse {
        let body = try FileBody(path: path, limit: limit, progress: progress)
        do {
            let head = try await download(request, into: body, attempts: attempts)
            try body.close()
            return HTTPResponse(status: head.status, headers: head.headers, body: [])
        } catch {
            body.discard()
            throw error
        }
    }

    private func download(_ request: HTTPRequest, into body: FileBody, attempts: Int) async throws -> ResponseHead {
        var attempt = 1
        while true {
            do {
                return try await perform(request, headers: request.headers + body.resumeHeaders, into: body)
            } catch let error as HTTPError where error.isTransient && attempt < attempts {
                try await Task.sleep(for: .milliseconds(200 << attempt))
                attempt += 1
            } catch let error as HTTPError where error.status == 416 && body.offset > 0 && attempt < attempts {
                // The document is not what it was: begin anew.
                try body.restart()
                attempt += 1
            }
        }
    }

    private func perform(
        _ request: HTTPRequest, headers: [HTTPHeader], into body: any BodySink, takesErrors: Bool = false
    ) async throws -> ResponseHead {
        let cancellation = TransferCancellation(waking: try opened().waker)
        // It is used by the transfer alone, on this actor.
        nonisolated(unsafe) let body = body
        return try await withTaskCancellationHandler { @Sendable in
            unsafe try await self.transfer(request, headers, body, takesErrors, cancellation)
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// A method of its own, so that the handler's operation comes back to the actor: two transfers at once on one session crash.
    private func transfer(
        _ request: HTTPRequest, _ headers: [HTTPHeader], _ body: any BodySink, _ takesErrors: Bool,
        _ cancellation: TransferCancellation
    ) throws -> ResponseHead {
        try opened().perform(
            request, headers: headers, into: body, takesErrors: takesErrors, cancellation: cancellation)
    }

    private func opened() throws -> CurlSession {
        if let session { return session }
        let session = try CurlSession(limits: limits, trust: trust)
        self.session = session
        return session
    }
}
