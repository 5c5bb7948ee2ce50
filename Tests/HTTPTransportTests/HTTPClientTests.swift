import Foundation
import HTTPTransport
import ReplayTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct HTTPClientTests {
    static let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    @Test func getsABodyWithItsHeaders() async throws {
        try await StubHTTPServer.with { _ in
            .init(200, headers: ["X-Kind": "stub"], text: "hello")
        } body: { server in
            let response = try await HTTPClient().get(
                HTTPRequest(server.url + "/a?b=c", headers: [.init("X-Mine", "1")]))
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response.header("x-kind") == "stub")
            #expect(server.requests.first?.path == "/a?b=c")
            #expect(server.requests.first?.headers["x-mine"] == "1")
        }
    }

    @Test(arguments: [400, 403, 404, 500, 503])
    func aStatusFrom400OnIsAnErrorWithWhatTheServerSaid(status: Int) async throws {
        try await StubHTTPServer.with { _ in
            .init(status, text: "no such image\nreally")
        } body: { server in
            let error = await failure { try await HTTPClient().get(HTTPRequest(server.url + "/x?token=secret")) }
            #expect(error?.code == .status)
            #expect(error?.status == status)
            #expect(error?.context == ["no such image", "really"])
            #expect(error?.message == "\(server.url)/x answered with status \(status).")
        }
    }

    @Test func redirectsAreFollowed() async throws {
        try await StubHTTPServer.with { request in
            request.path == "/a" ? .init(302, headers: ["Location": "/b"], text: "moved") : .init(text: "there")
        } body: { server in
            let response = try await HTTPClient().get(HTTPRequest(server.url + "/a"))
            #expect(response.text == "there")
        }
    }

    @Test func aRedirectLoopEnds() async throws {
        try await StubHTTPServer.with { _ in
            .init(301, headers: ["Location": "/again"])
        } body: { server in
            let error = await failure { try await HTTPClient().get(HTTPRequest(server.url + "/a")) }
            #expect(error?.code == .redirect)
            #expect(server.requests.count == 6)
        }
    }

    @Test func aRedirectToAnotherProtocolIsNotFollowed() async throws {
        try await StubHTTPServer.with { _ in
            .init(302, headers: ["Location": "file:///etc/passwd"])
        } body: { server in
            let error = await failure { try await HTTPClient().get(HTTPRequest(server.url + "/a")) }
            #expect(error?.code == .redirect)
        }
    }

    @Test(arguments: [true, false])
    func aBodyAboveTheLimitIsRefused(declared: Bool) async throws {
        try await StubHTTPServer.with { _ in
            .init(body: Self.bytes)
        } body: { server in
            let error = await failure { try await HTTPClient().get(HTTPRequest(server.url + "/a"), limit: 1000) }
            #expect(error?.code == .tooLarge)
            #expect(error?.message == "\(server.url)/a is larger than 1000 bytes.")
        }
    }

    @Test(arguments: ["ftp://127.0.0.1/x", "file:///etc/passwd", "nonsense", ""])
    func otherURLsAreRefused(url: String) async throws {
        let error = await failure { try await HTTPClient().get(HTTPRequest(url)) }
        #expect(error?.code == .invalidURL)
    }

    @Test(arguments: ["http://127.0.0.1:1/", "http://replay.invalid/"])
    func aServerThatIsNotThereIsUnreachable(url: String) async throws {
        let error = await failure { try await HTTPClient().get(HTTPRequest(url)) }
        #expect(error?.code == .unreachable)
    }

    @Test func aServerThatFallsSilentTimesOut() async throws {
        try await StubHTTPServer.with { _ in
            .init(body: [1, 2, 3], declaredLength: 10, stalls: true)
        } body: { server in
            let client = HTTPClient(limits: HTTPLimits(stall: .seconds(1)))
            let error = await failure { try await client.get(HTTPRequest(server.url + "/")) }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func cancellingEndsARequestAtOnce() async throws {
        try await ScratchDirectory.with { scratch in
            let (started, signal) = AsyncStream.makeStream(of: Void.self)
            try await StubHTTPServer.with { _ in
                signal.yield()
                return .init(body: [1, 2, 3], declaredLength: 10, stalls: true)
            } body: { server in
                let task = Task { try await HTTPClient().download(HTTPRequest(server.url), to: scratch("file")) }
                for await _ in started { break }
                let clock = ContinuousClock.now
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(ContinuousClock.now - clock < .seconds(1))
                let left = try scratch.names()
                #expect(left == [])
            }
        }
    }

    @Test func aHeaderFieldCannotSmuggleAnother() async throws {
        let request = HTTPRequest("http://127.0.0.1:1/", headers: [.init("X", "a\r\nAuthorization: b")])
        let error = await failure { try await HTTPClient().get(request) }
        #expect(error?.code == .malformed)
    }

    @Test(arguments: [
        ("https://user:pw@host/a?sig=1#f", "https://host/a"), ("http://host", "http://host"),
        ("https://host/a@b", "https://host/a@b"), ("nonsense", "nonsense"),
    ])
    func theURLThatIsShownHoldsNoSecret(url: String, shown: String) {
        #expect(HTTPRequest(url).displayURL == shown)
    }
}

/// The error that the body ends with, when it is one of HTTP.
func failure<Value>(_ body: () async throws -> Value) async -> HTTPError? {
    do {
        _ = try await body()
        return nil
    } catch { return error as? HTTPError }
}
