import Clouds
import Foundation
import ReplayTestSupport
import Store
import SystemCalls
import SystemPackage
import Testing

@Suite struct LedgerTests {
    let fixture: StoreFixture
    let build = BuildID.random()

    init() throws { fixture = try StoreFixture() }

    private func resource(_ token: String) -> Resource {
        Resource(cloud: "qemu", kind: .file, build: build, token: token)
    }

    @Test func `another process sees the entries, newest first`() async throws {
        let first = try await fixture.store.ledger.intend(resource("/a"))
        let second = try await fixture.store.ledger.intend(resource("/b"))
        _ = try await fixture.store.ledger.intend(Resource(cloud: "qemu", kind: .process, build: .random(), token: "x"))
        try await fixture.store.ledger.confirm(second, reference: "12:34")
        try await fixture.store.ledger.confirm(second, reference: nil)

        let other = try fixture.again().ledger
        var confirmed = resource("/b")
        confirmed.reference = "12:34"
        let expected = [
            LedgerEntry(id: second, resource: confirmed, state: .present),
            LedgerEntry(id: first, resource: resource("/a"), state: .intended),
        ]
        #expect(try await other.entries(of: build) == expected)
        #expect(try await other.entries().count == 3)
        try await other.gone(second)
        try await other.gone(second)
        try await other.gone(4711)
        #expect(try await fixture.store.ledger.entries(of: build).map(\.id) == [first])
    }

    @Test(arguments: ResourceLedgerConformance.all)
    func `the store's ledger keeps the contract`(check: ConformanceCheck<any ResourceLedger>) async throws {
        try await check(fixture.store.ledger)
    }

    @Test func `a cancelled task can still clean up`() async throws {
        let id = try await fixture.store.ledger.intend(resource("/a"))
        let ledger = fixture.store.ledger
        let task = Task {
            // Until the cancellation below has arrived.
            while !Task.isCancelled { await Task.yield() }
            try await ledger.gone(id)
            return try await ledger.entries(of: build)
        }
        task.cancel()
        #expect(try await task.value.isEmpty)
    }

    @Test func `an entry survives the death of its process at once`() async throws {
        let path = fixture.scratch.path.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try StoreDatabase(StoreFixture.directories(path))
            let build = try await store.builds.begin(name: "web:1")
            _ = try await store.ledger.intend(
                Resource(cloud: "qemu", kind: .directory, build: build.id, token: build.workDirectory.string))
            kill(getpid(), SIGKILL)
        }
        let dead = try #require(try await fixture.store.builds.dead().first)
        #expect(dead.record.name == "web:1")
        #expect(dead.record.state == .running)
        #expect(dead.record.owner?.isAlive == false)
        #expect(dead.entries.map(\.resource.token) == [dead.workDirectory.string])
        #expect(dead.entries.map(\.state) == [.intended])
    }

    @Test func `several processes write at the same time`() async throws {
        let path = fixture.scratch.path.string
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = path as String] in
                        for _ in 0..<5 {
                            // Opened and closed again and again: the last one to close removes the log.
                            let store = try StoreDatabase(StoreFixture.directories(path))
                            let build = BuildID.random()
                            for number in 0..<10 {
                                let id = try await store.ledger.intend(
                                    Resource(cloud: "qemu", kind: .file, build: build, token: "\(number)"))
                                try await store.ledger.confirm(id, reference: nil)
                                if number % 2 == 0 { try await store.ledger.gone(id) }
                            }
                        }
                    }
                }
            }
        }
        let entries = try await fixture.store.ledger.entries()
        #expect(entries.count == 4 * 5 * 5)
        #expect(entries.allSatisfy { $0.state == .present })
    }
}
