import Foundation
import HTTPTransport
import ReplayTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct HTTPDownloadTests {
    static let bytes = HTTPClientTests.bytes

    @Test func writesAFileAndReportsProgress() async throws {
        try await ScratchDirectory.with { scratch in
            try await StubHTTPServer.with {
                .document(Self.bytes, for: $0)
            } body: { server in
                let seen = Mutex<[HTTPProgress]>([])
                try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f")) { progress in
                    seen.withLock { $0.append(progress) }
                }
                #expect(try scratch.read("f") == Self.bytes)
                #expect(seen.withLock { $0.last } == HTTPProgress(received: 1_000_000, total: 1_000_000))
            }
        }
    }

    @Test func anOldFileIsReplacedByAnEmptyDocument() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("old", to: "f")
            try await StubHTTPServer.with { _ in
                .init()
            } body: { server in
                try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f"))
                #expect(try scratch.read("f") == [])
            }
        }
    }

    @Test func aBrokenTransferIsResumedWhereItBroke() async throws {
        try await ScratchDirectory.with { scratch in
            let first = Mutex(true)
            try await StubHTTPServer.with { request in
                var reply = StubHTTPServer.Reply.document(Self.bytes, for: request)
                if first.withLock({ first in
                    defer { first = false }; return first
                }) {
                    reply.declaredLength = reply.body.count
                    reply.body = Array(reply.body.prefix(300_000))
                }
                return reply
            } body: { server in
                try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f"))
                #expect(try scratch.read("f") == Self.bytes)
                #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=300000-"])
                #expect(server.requests.last?.headers["if-range"] == "\"1\"")
            }
        }
    }

    @Test func aDocumentThatChangedMeanwhileIsFetchedAnew() async throws {
        try await ScratchDirectory.with { scratch in
            let changed = Self.bytes.reversed().map { $0 }
            let count = Mutex(0)
            try await StubHTTPServer.with { request in
                let number = count.withLock {
                    $0 += 1; return $0
                }
                guard number == 1 else { return .document(changed, tag: "\"2\"", for: request) }
                return .init(headers: ["ETag": "\"1\""], body: Self.bytes.prefix(500), declaredLength: Self.bytes.count)
            } body: { server in
                try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f"))
                #expect(try scratch.read("f") == changed)
            }
        }
    }

    @Test func aServerWithoutRangesGivesTheWholeAgain() async throws {
        try await ScratchDirectory.with { scratch in
            let count = Mutex(0)
            try await StubHTTPServer.with { _ in
                let number = count.withLock {
                    $0 += 1; return $0
                }
                return .init(body: Self.bytes.prefix(number == 1 ? 777 : .max), declaredLength: Self.bytes.count)
            } body: { server in
                try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f"))
                #expect(try scratch.read("f") == Self.bytes)
            }
        }
    }

    @Test func aTransferThatKeepsBreakingLeavesNothing() async throws {
        try await ScratchDirectory.with { scratch in
            try await StubHTTPServer.with { _ in
                .init(body: [1], declaredLength: 5)
            } body: { server in
                let error = await failure {
                    try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f"), attempts: 2)
                }
                #expect(error?.code == .truncated)
                #expect(server.requests.count == 2)
                let left = try scratch.names()
                #expect(left == [])
            }
        }
    }

    @Test func aMissingDocumentIsNotTriedAgainAndLeavesNothing() async throws {
        try await ScratchDirectory.with { scratch in
            try await StubHTTPServer.with { _ in
                .init(404, text: "gone")
            } body: { server in
                let error = await failure { try await HTTPClient().download(HTTPRequest(server.url), to: scratch("f")) }
                #expect(error?.status == 404)
                #expect(server.requests.count == 1)
                let left = try scratch.names()
                #expect(left == [])
            }
        }
    }

    @Test func aFileThatCannotBeMadeIsAnError() async throws {
        let error = await failure {
            try await HTTPClient().download(HTTPRequest("http://127.0.0.1:1/"), to: "/nonexistent/f")
        }
        #expect(error?.code == .inputOutput)
    }
}
