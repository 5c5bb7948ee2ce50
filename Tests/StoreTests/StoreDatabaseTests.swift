import Foundation
import GRDB
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import Store

@Suite struct StoreDatabaseTests {
    @Test func `a database of a newer replay is left alone`() async throws {
        let fixture = try StoreFixture()
        let file = fixture.directories.data.appending("replay.sqlite").string
        try await DatabaseQueue(path: file).write {
            try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('999')")
        }
        let error = #expect(throws: StoreError.self) { try fixture.again() }
        #expect(error?.code == .tooNew)
    }

    @Test func `a file that is no database is said to be damaged`() throws {
        let scratch = try ScratchDirectory()
        let directories = StoreFixture.directories(scratch.path.string)
        try directories.create()
        try Data(repeating: 0x41, count: 8192).write(
            to: URL(fileURLWithPath: directories.data.appending("replay.sqlite").string))
        let error = #expect(throws: StoreError.self) { try StoreDatabase(directories) }
        #expect(error?.code == .damaged)
    }

    @Test func `a store that opens many times at once is one store`() async throws {
        let scratch = try ScratchDirectory()
        let directories = StoreFixture.directories(scratch.path.string)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let store = try StoreDatabase(directories)
                    _ = try await store.builds.begin(name: "web:\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(try await StoreDatabase(directories).builds.records().count == 8)
    }

    @Test func `a full disk is said to be one`() {
        let causes: [any Error] = [
            DatabaseError(resultCode: .SQLITE_FULL), SystemCallError(.noSpace, "write"),
            SystemCallError(.diskQuotaExceeded, "write"), CocoaError(.fileWriteOutOfSpace),
        ]
        for cause in causes {
            let error = #expect(throws: StoreError.self) { try StoreDatabase.failing("write") { throw cause } }
            #expect(error?.code == .noSpace)
        }
    }

    @Test func `a commit reaches the disk before it is reported`() async throws {
        let fixture = try StoreFixture()
        let (mode, journal) = try await fixture.store.write("look") { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                try String.fetchOne(database, sql: "PRAGMA journal_mode")
            )
        }
        #expect(mode == 2, "FULL")
        #expect(journal == "wal")
    }
}
