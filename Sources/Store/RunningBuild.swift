public import Clouds
import SystemCalls
public import SystemPackage

/// A build of this process. While the value lives and ``finish(_:)`` was not called, nobody takes the build for dead.
public final class RunningBuild: Sendable {
    /// What is known of it.
    public let record: BuildRecord
    private let lock: FileLock
    private let database: StoreDatabase

    init(record: BuildRecord, lock: FileLock, database: StoreDatabase) {
        self.record = record
        self.lock = lock
        self.database = database
    }

    /// The build.
    public var id: BuildID { record.id }
    /// Where its whole output is to be written. The store removes it when it forgets the build.
    public var log: FilePath { record.log }
    /// Where to note what another process needs to go on with it. The store removes it when the build is over.
    public var resumption: FilePath { database.directories.resumption(of: id) }
    /// Where to note how far it has come. The store removes it when the build is over.
    public var progress: FilePath { database.directories.progress(of: id) }
    /// A path for the files of its machine. Whoever makes the directory notes it in the ledger first.
    public var workDirectory: FilePath { database.directories.work(of: id) }

    /// Notes how the build ended, and gives it up: `.kept` is spared by `gc`, resources that the ledger still lists
    /// after `.done` or `.failed` are not.
    public func finish(_ state: BuildRecord.State) async throws {
        try await BuildRegistry.end(id, as: state, in: database)
        if state != .kept { database.directories.forgetResumption(of: id) }
        lock.remove()
    }

    /// Gives an adopted build back as it was found: another process may adopt it.
    public func giveBack() async throws {
        try await BuildRegistry.setState(of: id, to: record.state, owner: record.owner, in: database)
        lock.remove()
    }
}
