public import Clouds
public import FoundationEssentials
import GRDB
import SystemCalls
import SystemPackage

/// The builds of this user, running and past.
///
/// A running build's `replay` holds an exclusive lock on the build's lock file. The kernel releases it when the process
/// dies: a build whose state is not final and whose lock can be taken is dead.
public struct BuildRegistry: Sendable {
    let database: StoreDatabase

    /// Announces a build: from here on a crash of this process makes it a dead one. Before any of its resources.
    public func begin(
        name: String, purpose: BuildRecord.Purpose = .build, id: BuildID = .random()
    ) async throws -> RunningBuild {
        let directories = database.directories
        let lock = try lock(id)
        var announced = false
        defer { if !announced { lock.remove() } }
        let record = try await database.write("note the build \(id)") { database in
            try database.execute(
                sql: "INSERT INTO build (id, name, purpose, state, owner, started) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    id.text, name, purpose.rawValue, BuildRecord.State.running.rawValue,
                    ProcessIdentity.current?.description, Timestamp.now.milliseconds,
                ])
            return try BuildRegistry.record(of: id, in: database, directories)
        }
        announced = true
        return RunningBuild(record: record, lock: lock, database: self.database)
    }

    /// Takes over a build whose process is dead, or whose machine was kept.
    /// - Throws: ``StoreError``: `.notFound`, `.inUse` when its process lives, `.over` when there is nothing to go on with.
    public func adopt(_ id: BuildID) async throws -> RunningBuild {
        _ = try await record(of: id)
        let lock = try lock(id)
        var adopted = false
        defer { if !adopted { lock.remove() } }
        // Now that nobody else can change it.
        let found = try await record(of: id)
        guard found.purpose == .build, found.state == .running || found.state == .kept else {
            throw StoreError(.over, "The build \(id) is over: there is nothing to go on with.")
        }
        try await Self.setState(of: id, to: .running, owner: .current, in: database)
        adopted = true
        return RunningBuild(record: found, lock: lock, database: database)
    }

    /// Takes a build for this process alone.
    private func lock(_ id: BuildID) throws -> FileLock {
        try StoreDatabase.failing("lock the build \(id)") {
            guard let lock = try FileLock.tryAcquire(database.directories.lock(of: id)) else {
                throw StoreError(.inUse, "The build \(id) runs: another replay is at work on it.")
            }
            return lock
        }
    }

    /// The builds that ``adopt(_:)`` would take over now and that have noted what is needed for it, newest first.
    public func adoptable() async throws -> [BuildRecord] {
        let directories = database.directories
        return try await records().filter { record in
            guard record.purpose == .build, record.state == .running || record.state == .kept,
                FileManager.default.fileExists(atPath: directories.resumption(of: record.id).string)
            else { return false }
            return try StoreDatabase.failing("lock the build \(record.id)") {
                guard let lock = try FileLock.tryAcquire(directories.lock(of: record.id)) else { return false }
                lock.remove()
                return true
            }
        }
    }

    /// All that is known, newest first.
    public func records() async throws -> [BuildRecord] {
        let directories = database.directories
        return try await database.read("list the builds") { database in
            try Row.fetchAll(database, sql: "SELECT * FROM build ORDER BY started DESC, id")
                .map { try BuildRecord(row: $0, directories: directories) }
        }
    }

    /// What is known of one build; `.notFound` when it is nothing.
    public func record(of id: BuildID) async throws -> BuildRecord {
        let directories = database.directories
        return try await database.read("read the record of the build \(id)") { database in
            try BuildRegistry.record(of: id, in: database, directories)
        }
    }

    /// The builds that left something behind, or may have: their `replay` is dead and they are not over, or they are over
    /// and the ledger still lists resources. Kept builds count only on request.
    ///
    /// Each is locked for as long as the value lives, so that two `gc`s do not undo the same build.
    public func dead(includingKept: Bool = false) async throws -> [DeadBuild] {
        let directories = database.directories
        let unfinished = """
            (state = 'running' \(includingKept ? "OR state = 'kept'" : "") OR (state IN ('done', 'failed')
            AND EXISTS (SELECT * FROM resource WHERE resource.build = build.id)))
            """
        let candidates = try await database.read("look for dead builds") { database in
            try String.fetchAll(database, sql: "SELECT id FROM build WHERE \(unfinished) ORDER BY started")
                .compactMap { BuildID($0) }
        }
        var dead: [DeadBuild] = []
        for id in candidates {
            let lock = try StoreDatabase.failing("lock the build \(id)") {
                try FileLock.tryAcquire(directories.lock(of: id))
            }
            guard let lock else { continue }
            // Again, now that nobody else can change it: its owner may have finished meanwhile.
            let found: (BuildRecord, [LedgerEntry])? = try await database.read("read the build \(id)") { database in
                let row = try Row.fetchOne(
                    database, sql: "SELECT * FROM build WHERE id = ? AND \(unfinished)",
                    arguments: [id.text])
                guard let row else { return nil }
                let record = try BuildRecord(row: row, directories: directories)
                return (record, try Ledger.entries(of: id, in: database))
            }
            guard let (record, entries) = found else {
                lock.remove()
                continue
            }
            dead.append(DeadBuild(record: record, entries: entries, lock: lock, database: database))
        }
        return dead
    }

    /// Forgets the builds that ended before a moment and have nothing in the ledger, with their logs.
    @discardableResult
    public func prune(endedBefore date: Date) async throws -> [BuildID] {
        let limit = Timestamp(date).milliseconds
        let ids = try await database.write("forget old builds") { database in
            let condition = """
                ended < ? AND state IN ('done', 'failed')
                AND NOT EXISTS (SELECT * FROM resource WHERE resource.build = build.id)
                """
            let ids = try String.fetchAll(
                database, sql: "SELECT id FROM build WHERE \(condition)", arguments: [limit])
            try database.execute(sql: "DELETE FROM build WHERE \(condition)", arguments: [limit])
            return ids.compactMap { BuildID($0) }
        }
        for id in ids { try? FileManager.default.removeItem(atPath: database.directories.log(of: id).string) }
        return ids
    }

    static func record(
        of id: BuildID, in database: Database, _ directories: StoreDirectories
    ) throws -> BuildRecord {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM build WHERE id = ?", arguments: [id.text]) else {
            throw StoreError(.notFound, "There is no build \(id).")
        }
        return try BuildRecord(row: row, directories: directories)
    }

    static func setState(
        of id: BuildID, to state: BuildRecord.State, owner: ProcessIdentity?, in database: StoreDatabase
    ) async throws {
        try await database.write("note who runs the build \(id)") { database in
            try database.execute(
                sql: "UPDATE build SET state = ?, owner = ?, ended = NULL WHERE id = ?",
                arguments: [state.rawValue, owner?.description, id.text])
        }
    }

    static func end(_ id: BuildID, as state: BuildRecord.State, in database: StoreDatabase) async throws {
        try await database.write("note the end of the build \(id)") { database in
            try database.execute(
                sql: "UPDATE build SET state = ?, ended = coalesce(ended, ?) WHERE id = ?",
                arguments: [state.rawValue, Timestamp.now.milliseconds, id.text])
        }
    }
}
