public import Clouds
import SystemCalls
public import SystemPackage

/// A build whose `replay` is dead, in the hands of whoever cleans up.
public final class DeadBuild: Sendable {
    /// What is known of it.
    public let record: BuildRecord
    /// What it has not got rid of, newest first: to be destroyed in this order, each then noted as gone.
    public let entries: [LedgerEntry]
    private let lock: FileLock
    private let database: StoreDatabase

    init(record: BuildRecord, entries: [LedgerEntry], lock: FileLock, database: StoreDatabase) {
        self.record = record
        self.entries = entries
        self.lock = lock
        self.database = database
    }

    /// The build.
    public var id: BuildID { record.id }
    /// The path that the files of its machine had.
    public var workDirectory: FilePath { database.directories.work(of: id) }

    /// Notes that the build is over and gives it up. What the ledger still lists keeps it in the next `gc`'s sight.
    public func finish() async throws {
        let final: BuildRecord.State = record.state == .done ? .done : .failed
        try await BuildRegistry.end(id, as: final, in: database)
        database.directories.forgetResumption(of: id)
        lock.remove()
    }
}
