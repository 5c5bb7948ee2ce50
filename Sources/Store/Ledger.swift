public import Clouds
import GRDB

/// The durable ``Clouds/ResourceLedger``: rows of the store's database.
///
/// A build that nobody announced (``BuildRegistry/begin(name:purpose:id:)``) is noted with the first resource, without an
/// owner: `gc` may undo it at any time.
public struct Ledger: ResourceLedger {
    let database: StoreDatabase

    /// Notes that a resource is about to be made. The note is on the disk when this returns.
    public func intend(_ resource: Resource) async throws -> LedgerEntry.ID {
        let now = Timestamp.now
        return try await database.write("note a resource in the ledger") { database in
            try database.execute(
                sql: "INSERT OR IGNORE INTO build (id, name, purpose, state, started) VALUES (?, '', ?, ?, ?)",
                arguments: [
                    resource.build.text, BuildRecord.Purpose.build.rawValue, BuildRecord.State.running.rawValue,
                    now.milliseconds,
                ])
            try database.execute(
                sql: """
                    INSERT INTO resource (build, cloud, kind, token, reference, state, intended)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    resource.build.text, resource.cloud, resource.kind.rawValue, resource.token, resource.reference,
                    LedgerEntry.State.intended.rawValue, now.milliseconds,
                ])
            return database.lastInsertedRowID
        }
    }

    /// Notes that a resource exists now.
    public func confirm(_ id: LedgerEntry.ID, reference: String?) async throws {
        try await database.write("note in the ledger that a resource exists") { database in
            try database.execute(
                sql: "UPDATE resource SET state = ?, reference = coalesce(?, reference) WHERE id = ?",
                arguments: [LedgerEntry.State.present.rawValue, reference, id])
        }
    }

    /// Notes that a resource does not exist any more.
    public func gone(_ id: LedgerEntry.ID) async throws {
        try await database.write("note in the ledger that a resource is gone") { database in
            try database.execute(sql: "DELETE FROM resource WHERE id = ?", arguments: [id])
        }
    }

    /// What a build has not got rid of yet, newest first.
    public func entries(of build: BuildID) async throws -> [LedgerEntry] {
        try await database.read("read the ledger") { try Ledger.entries(of: build, in: $0) }
    }

    /// What no build has got rid of yet, newest first.
    public func entries() async throws -> [LedgerEntry] {
        try await database.read("read the ledger") { database in
            try Row.fetchAll(database, sql: "SELECT * FROM resource ORDER BY id DESC").map(LedgerEntry.init(row:))
        }
    }

    static func entries(of build: BuildID, in database: Database) throws -> [LedgerEntry] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM resource WHERE build = ? ORDER BY id DESC", arguments: [build.text]
        ).map(LedgerEntry.init(row:))
    }
}

extension LedgerEntry {
    init(row: Row) throws {
        guard let build = BuildID(row["build"]), let state = State(rawValue: row["state"]) else {
            throw StoreError(.damaged, "Entry \(row["id"] as Int64) of the ledger cannot be read.")
        }
        self.init(
            id: row["id"],
            resource: Resource(
                cloud: row["cloud"], kind: ResourceKind(rawValue: row["kind"]), build: build, token: row["token"],
                reference: row["reference"]),
            state: state)
    }
}
