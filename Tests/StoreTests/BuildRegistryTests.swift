import Clouds
import Foundation
import Store
import SystemCalls
import SystemPackage
import Testing

@Suite struct BuildRegistryTests {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func file(_ build: BuildID, _ token: String = "/a") -> Resource {
        Resource(cloud: "qemu", kind: .file, build: build, token: token)
    }

    @Test func `a running build is not dead, an abandoned one is`() async throws {
        var running: RunningBuild? = try await fixture.store.builds.begin(name: "web:1")
        let id = try #require(running?.id)
        let other = try fixture.again()
        #expect(try await other.builds.dead().isEmpty)
        #expect(try await other.builds.record(of: id) == running?.record)
        #expect(try await other.builds.record(of: id).owner == ProcessIdentity.current)

        running = nil
        let dead = try await other.builds.dead()
        #expect(dead.map(\.id) == [id])
        #expect(try await fixture.store.builds.dead().isEmpty, "another gc is at it")
        try await dead[0].finish()
        #expect(try await fixture.store.builds.dead().isEmpty)
        #expect(try await fixture.store.builds.record(of: id).state == .failed)
        #expect(try fixture.names(in: "builds") == [])
    }

    @Test func `a dead or a kept build can be adopted, by one process, and given back as it was`() async throws {
        var running: RunningBuild? = try await fixture.store.builds.begin(name: "web:1")
        let id = try #require(running?.id)
        let notes = try #require(running?.resumption)
        try AtomicFile.write("notes".utf8, to: notes)
        let other = try fixture.again()
        await #expect(throws: StoreError.self) { try await other.builds.adopt(id) }
        #expect(try await other.builds.adoptable().isEmpty, "its process lives")
        withExtendedLifetime(running) {}
        running = nil
        #expect(try await other.builds.adoptable().map(\.id) == [id])

        for state in [BuildRecord.State.running, .kept] {
            let adopted = try await other.builds.adopt(id)
            #expect(adopted.record.state == state)
            #expect(try await other.builds.record(of: id).owner == ProcessIdentity.current)
            let error = await #expect(throws: StoreError.self) { try await fixture.store.builds.adopt(id) }
            #expect(error?.code == .inUse)
            #expect(try await fixture.store.builds.dead(includingKept: true).isEmpty)
            try await adopted.giveBack()
            #expect(try await other.builds.record(of: id).state == state)
            #expect(FileManager.default.fileExists(atPath: notes.string))
            if state == .running { try await other.builds.adopt(id).finish(.kept) }
        }
        #expect(FileManager.default.fileExists(atPath: notes.string), "a kept build can be gone on with")
        let last = try await other.builds.adopt(id)
        try FileManager.default.createDirectory(
            atPath: last.workDirectory.string, withIntermediateDirectories: false)
        try AtomicFile.write("a key".utf8, to: last.workDirectory.appending("login-key"))
        try await last.finish(.done)
        #expect(!FileManager.default.fileExists(atPath: notes.string), "the notes hold keys")
        #expect(!FileManager.default.fileExists(atPath: last.workDirectory.string), "so does what a login needs")
        let error = await #expect(throws: StoreError.self) { try await other.builds.adopt(id) }
        #expect(error?.code == .over)
        #expect(try fixture.names(in: "builds") == [])
    }

    @Test(arguments: [BuildRecord.State.done, .failed])
    func `a build that ended with everything gone is over`(state: BuildRecord.State) async throws {
        let build = try await fixture.store.builds.begin(name: "web:1", purpose: .boot)
        let entry = try await fixture.store.ledger.intend(file(build.id))
        try await fixture.store.ledger.gone(entry)
        try await build.finish(state)
        #expect(try await fixture.store.builds.dead(includingKept: true).isEmpty)
        let record = try await fixture.store.builds.record(of: build.id)
        #expect(record.state == state)
        #expect(record.purpose == .boot)
        #expect(record.ended != nil)
        #expect(try fixture.names(in: "builds") == [])
    }

    @Test func `what a finished build could not remove is found`() async throws {
        let build = try await fixture.store.builds.begin(name: "web:1")
        let entry = try await fixture.store.ledger.intend(file(build.id))
        try await build.finish(.done)
        var dead = try await fixture.store.builds.dead()
        #expect(dead.first?.entries.map(\.id) == [entry])
        // A gc that fails to remove it, too, leaves it to the next one.
        try await dead.first?.finish()
        dead = try await fixture.store.builds.dead()
        #expect(dead.count == 1)
        try await fixture.store.ledger.gone(entry)
        try await dead.first?.finish()
        #expect(try await fixture.store.builds.dead().isEmpty)
        #expect(try await fixture.store.builds.record(of: build.id).state == .done)
    }

    @Test func `a kept build is spared until it is asked for`() async throws {
        let build = try await fixture.store.builds.begin(name: "web:1")
        _ = try await fixture.store.ledger.intend(file(build.id))
        try await build.finish(.kept)
        #expect(try await fixture.store.builds.dead().isEmpty)
        let kept = try await fixture.store.builds.dead(includingKept: true)
        #expect(kept.map(\.record.state) == [.kept])
        try await fixture.store.ledger.gone(kept[0].entries[0].id)
        try await kept[0].finish()
        #expect(try await fixture.store.builds.dead(includingKept: true).isEmpty)
    }

    @Test func `one build cannot run twice`() async throws {
        let build = try await fixture.store.builds.begin(name: "a:1")
        let error = await #expect(throws: StoreError.self) {
            try await fixture.store.builds.begin(name: "a:1", id: build.id)
        }
        #expect(error?.code == .inUse)
        try await build.finish(.done)
        await #expect(throws: StoreError.self) { try await fixture.store.builds.begin(name: "a:1", id: build.id) }
        #expect(try fixture.names(in: "builds") == [])
    }

    @Test func `resources of a build that nobody announced belong to a dead one`() async throws {
        let id = BuildID.random()
        _ = try await fixture.store.ledger.intend(file(id))
        #expect(try await fixture.store.builds.dead().map(\.id) == [id])
    }

    @Test func `old builds are forgotten with their logs, unfinished ones are not`() async throws {
        let builds = fixture.store.builds
        let old = try await builds.begin(name: "old:1")
        try Data("log".utf8).write(to: URL(fileURLWithPath: old.log.string))
        try await old.finish(.failed)
        let leaky = try await builds.begin(name: "leaky:1")
        _ = try await fixture.store.ledger.intend(file(leaky.id))
        try await leaky.finish(.failed)
        let running = try await builds.begin(name: "running:1")
        #expect(try await builds.prune(endedBefore: Date(timeIntervalSinceNow: -3600)).isEmpty)
        #expect(try fixture.names(in: "builds").contains("\(old.id).log"))
        #expect(try await builds.prune(endedBefore: Date(timeIntervalSinceNow: 3600)) == [old.id])
        #expect(Set(try await builds.records().map(\.id)) == [leaky.id, running.id])
        #expect(try fixture.names(in: "builds") == ["\(running.id).lock"])
        let error = await #expect(throws: StoreError.self) { try await builds.record(of: old.id) }
        #expect(error?.code == .notFound)
    }

    @Test func `locks and logs of builds that nobody knows are swept, others are not`() async throws {
        let running = try await fixture.store.builds.begin(name: "running:1")
        let over = try await fixture.store.builds.begin(name: "over:1")
        try Data("log".utf8).write(to: URL(fileURLWithPath: over.log.string))
        try await over.finish(.done)
        for name in ["0123456789ab.lock", "0123456789ac.log", "notes.txt"] {
            try Data().write(to: URL(fileURLWithPath: fixture.directories.data.appending("builds/\(name)").string))
        }
        #expect(try await fixture.again().reconcile().isEmpty)
        #expect(
            try fixture.names(in: "builds") == ["\(running.id).lock", "\(over.id).log", "notes.txt"].sorted())
        try await running.finish(.done)
    }
}
