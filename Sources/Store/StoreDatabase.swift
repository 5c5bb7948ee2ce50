import Dispatch
import FoundationEssentials
import GRDB
import SystemCalls
import SystemPackage

/// The store of one user: a SQLite database and the directories around it.
///
/// Several processes may have it open at a time: write-ahead log, immediate transactions, a busy timeout. Every commit
/// reaches the disk before it is reported (`synchronous=FULL`): the ledger's promise.
public final class StoreDatabase: Sendable {
    /// Where things are.
    public let directories: StoreDirectories
    // One connection: nothing here takes long, and a program that starts for a second should not open five.
    private let queue: DatabaseQueue

    /// Makes the directories where they are missing, opens the database and brings its layout up to date.
    public init(_ directories: StoreDirectories) throws {
        self.directories = directories
        try directories.create()
        let file = directories.data.appending("replay.sqlite")
        queue = try StoreDatabase.failing("open the database '\(file)'") {
            for directory in [directories.builds, directories.templates] {
                try FileManager.default.createDirectory(
                    atPath: directory.string, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
            // One at a time: the switch to the write-ahead log and the migrations are not made for company.
            let lock = try FileLock.acquire(directories.data.appending("open.lock"))
            defer { lock.release() }
            var configuration = Configuration()
            configuration.journalMode = .wal
            configuration.busyMode = .timeout(30)
            configuration.label = "replay.store"
            let queue = try DatabaseQueue(path: file.string, configuration: configuration)
            // After the opening, which sets NORMAL for the write-ahead log: a commit could be lost with the power.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = StoreDatabase.migrator
            if try queue.read({ try migrator.hasBeenSuperseded($0) }) {
                throw StoreError(
                    .tooNew, "The store '\(directories.data)' was changed by a newer version of replay: use that one.")
            }
            try migrator.migrate(queue)
            return queue
        }
    }

    /// What is to be cleaned up.
    public var ledger: Ledger { Ledger(database: self) }
    /// The builds, running and past.
    public var builds: BuildRegistry { BuildRegistry(database: self) }
    /// The templates.
    public var catalogue: Catalogue { Catalogue(database: self) }

    /// Runs a transaction. It is not cancelled with the task: cleaning up happens in cancelled tasks.
    func write<Value: Sendable>(
        _ action: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.asyncWriteWithoutTransaction { database in
                continuation.resume(
                    with: Result {
                        try StoreDatabase.failing(action) {
                            var value: Value?
                            try database.inTransaction(.immediate) {
                                value = try body(database)
                                return .commit
                            }
                            guard let value else {
                                throw StoreError(.damaged, "The transaction ended without a result.")
                            }
                            return value
                        }
                    })
            }
        }
    }

    /// Runs statements that only read, on one state of the database.
    func read<Value: Sendable>(
        _ action: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.asyncRead { result in
                continuation.resume(
                    with: Result { try StoreDatabase.failing(action) { try body(try result.get()) } })
            }
        }
    }

    /// Gives what SQLite and the system say the shape of a ``StoreError``.
    static func failing<Value>(_ action: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            throw StoreError(error, action)
        } catch let error as SystemCallError where error.code == .noSpace || error.code == .diskQuotaExceeded {
            throw StoreError(.noSpace, "Cannot \(action): no room is left on the disk.", cause: error)
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw StoreError(.noSpace, "Cannot \(action): no room is left on the disk.", cause: error)
        } catch {
            throw StoreError(.unavailable, "Cannot \(action).", cause: error)
        }
    }

    /// Runs what blocks for long (fsync of a disk image, removal of a tree) on a thread that may block.
    static func blocking<Value: Sendable>(
        _ action: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try failing(action, body) })
            }
        }
    }
}

extension StoreDirectories {
    /// Logs, locks and working directories of builds.
    var builds: FilePath { data.appending("builds") }
    /// One directory a template version.
    var templates: FilePath { data.appending("templates") }
}

extension StoreError {
    /// What SQLite said, in words of this module (result codes: sqlite.org/rescode.html).
    init(_ error: DatabaseError, _ action: String) {
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.noSpace, "Cannot \(action): no room is left on the disk.", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, "Cannot \(action): another replay kept the store locked for 30 s.", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .damaged,
                "Cannot \(action): the store's database is damaged. Move 'replay.sqlite' aside to begin with an empty one.",
                cause: error)
        default:
            self.init(.unavailable, "Cannot \(action).", cause: error)
        }
    }
}
