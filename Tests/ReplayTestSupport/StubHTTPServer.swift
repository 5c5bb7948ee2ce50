import Dispatch
import Glibc
import Synchronization

/// An HTTP/1.1 server on a free port of 127.0.0.1 that answers as a test tells it to, faults included.
public final class StubHTTPServer: Sendable {
    /// What a client asked for.
    public struct Request: Sendable {
        /// `GET`.
        public var method: String
        /// Path and query.
        public var path: String
        /// Header fields by lower-case name.
        public var headers: [String: String]
    }

    /// What it gets.
    public struct Reply: Sendable {
        /// The status.
        public var status = 200
        /// Header fields besides Content-Length.
        public var headers: [String: String] = [:]
        /// The bytes that are sent.
        public var body: [UInt8] = []
        /// What Content-Length says; nil is the truth. More than the truth makes a truncated body.
        public var declaredLength: Int?
        /// Keep the connection open after the body, silently, until the server stops.
        public var stalls = false

        /// Makes a reply.
        public init(
            _ status: Int = 200, headers: [String: String] = [:], body: some Sequence<UInt8> = [],
            declaredLength: Int? = nil, stalls: Bool = false
        ) {
            self.status = status
            self.headers = headers
            self.body = Array(body)
            self.declaredLength = declaredLength
            self.stalls = stalls
        }

        /// Makes a reply of a text.
        public init(_ status: Int = 200, headers: [String: String] = [:], text: String) {
            self.init(status, headers: headers, body: text.utf8)
        }

        /// A document as a server with ranges gives it: whole, or the part after the range's first byte, as long as the
        /// client's `If-Range` holds.
        public static func document(_ bytes: [UInt8], tag: String = "\"1\"", for request: Request) -> Reply {
            let first = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).prefix { $0 != "-" }) }
            guard let first, request.headers["if-range"].map({ $0 == tag }) ?? true else {
                return Reply(200, headers: ["ETag": tag, "Accept-Ranges": "bytes"], body: bytes)
            }
            guard first < bytes.count else { return Reply(416, headers: ["Content-Range": "bytes */\(bytes.count)"]) }
            return Reply(
                206,
                headers: ["ETag": tag, "Content-Range": "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"],
                body: bytes[first...])
        }
    }

    private struct State {
        var requests: [Request] = []
        var connections: Set<CInt> = []
        var stopped = false
    }

    /// The port.
    public let port: UInt16
    private let listener: CInt
    private let handler: @Sendable (Request) -> Reply
    private let state = Mutex(State())
    private let work = DispatchGroup()

    /// `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// What was asked for so far, in order.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// Runs the body with a server that answers by the handler, and stops it.
    public static func with<Value>(
        _ handler: @escaping @Sendable (Request) -> Reply, body: (StubHTTPServer) async throws -> Value
    ) async throws -> Value {
        let server = try StubHTTPServer(handler)
        defer { server.stop() }
        return try await body(server)
    }

    private init(_ handler: @escaping @Sendable (Request) -> Reply) throws {
        self.handler = handler
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        guard bound else { throw StubServerError() }
        onThread { [self] in acceptConnections() }
    }

    private func stop() {
        let open = state.withLock { state in
            state.stopped = true
            return state.connections
        }
        // Wakes the threads that wait in accept and recv; they close their descriptors themselves.
        shutdown(listener, CInt(SHUT_RDWR))
        for connection in open { shutdown(connection, CInt(SHUT_RDWR)) }
        work.wait()
    }

    /// Each serial queue gets a thread of its own while it blocks; a concurrent queue's threads are few.
    private func onThread(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "stub-http").async(group: work, execute: body)
    }

    private func acceptConnections() {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            let stopped = state.withLock { state in
                state.connections.insert(connection)
                return state.stopped
            }
            if stopped { shutdown(connection, CInt(SHUT_RDWR)) }
            onThread { [self] in
                serve(connection)
                _ = state.withLock { $0.connections.remove(connection) }
                close(connection)
            }
        }
        close(listener)
    }

    private func serve(_ connection: CInt) {
        guard let request = Self.readRequest(connection) else { return }
        state.withLock { $0.requests.append(request) }
        let reply = handler(request)
        var head = "HTTP/1.1 \(reply.status) Stub\r\nConnection: close\r\n"
        head += "Content-Length: \(reply.declaredLength ?? reply.body.count)\r\n"
        for (name, value) in reply.headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        Self.send(Array((head + "\r\n").utf8) + reply.body, connection)
        if reply.stalls { _ = Self.receive(connection) }
        // Without this, unread bytes would make the kernel reset the connection and the reply could be lost.
        shutdown(connection, CInt(SHUT_WR))
        while let more = Self.receive(connection), !more.isEmpty {}
    }

    private static func readRequest(_ connection: CInt) -> Request? {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let more = receive(connection), !more.isEmpty else { return nil }
            bytes += more
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return Request(method: String(words[0]), path: String(words[1]), headers: headers)
    }

    private static func receive(_ connection: CInt) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(connection, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    private static func send(_ bytes: [UInt8], _ connection: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// The stub server could not listen.
public struct StubServerError: Error {}
