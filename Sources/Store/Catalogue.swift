import GRDB
import SystemCalls

/// The templates of this user.
///
/// A version is a directory and a row; the row says that it exists, and a tag leads to one version. The directory is
/// there before the row comes and until the row is gone: what a crash leaves is a directory without a row, which
/// ``StoreDatabase/reconcile()`` removes.
public struct Catalogue: Sendable {
    let database: StoreDatabase

    /// All versions, by name and tag, newest first within one.
    public func entries() async throws -> [CatalogueEntry] {
        let directories = database.directories
        return try await database.read("list the templates") { database in
            try Row.fetchAll(
                database, sql: "SELECT \(CatalogueEntry.columns) FROM template ORDER BY name, tag, version DESC"
            ).map { try CatalogueEntry(row: $0, directories: directories) }
        }
    }

    /// The version that a text leads to: `name` or `name:tag` gives the current one, an identifier or its beginning (four
    /// digits or more) that one. `.notFound` when there is none, `.invalidName` when the beginning fits several.
    public func find(_ text: String) async throws -> CatalogueEntry {
        let directories = database.directories
        return try await database.read("look up the template '\(text)'") { database in
            let row = try Catalogue.find(text, in: database)
            return try CatalogueEntry(row: row, directories: directories)
        }
    }

    /// Finds a version and keeps it from being removed for as long as the answer lives and was not released.
    public func use(_ text: String) async throws -> TemplateUse {
        let deadline = ContinuousClock.now + .seconds(10)
        var (found, held): (CatalogueEntry, FileLock?)
        repeat {
            found = try await find(text)
            held = try lock(found)
            // A removal that is refused in the end holds the lock for a moment.
            if held == nil { try await Task.sleep(for: .milliseconds(20)) }
        } while held == nil && ContinuousClock.now < deadline
        guard let held else { throw StoreError(.inUse, "The template \(found.reference) is being removed.") }
        // It may have been removed before the lock was there.
        let current = try await find(found.id)
        guard try StoreDatabase.failing("look at the template", { try Catalogue.isDirectory(current.directory) }) else {
            throw StoreError(
                .damaged,
                "The files of the template \(current.reference) are gone: 'replay template remove \(current.id)' forgets it."
            )
        }
        return TemplateUse(entry: current, lock: held)
    }

    private func lock(_ entry: CatalogueEntry) throws -> FileLock? {
        try StoreDatabase.failing("lock the template \(entry.reference)") {
            try FileLock.tryAcquire(database.directories.lock(ofTemplate: entry.id), .shared)
        }
    }

    static func find(_ text: String, in database: Database) throws -> Row {
        if let reference = try? TemplateReference(text),
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT \(CatalogueEntry.columns) FROM template
                    WHERE identifier = (SELECT identifier FROM tag WHERE name = ? AND tag = ?)
                    """, arguments: [reference.name, reference.tag])
        {
            return row
        }
        let rows =
            text.utf8.count >= 4 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
            ? try Row.fetchAll(
                database,
                sql: "SELECT \(CatalogueEntry.columns) FROM template WHERE substr(identifier, 1, ?) = ? LIMIT 2",
                arguments: [text.utf8.count, text.lowercased()]) : []
        guard let row = rows.first else {
            throw StoreError(.notFound, "There is no template '\(text)': 'replay template list' shows what there is.")
        }
        guard rows.count == 1 else {
            throw StoreError(.invalidName, "Several templates' identifiers begin with '\(text)': give more digits.")
        }
        return row
    }
}

/// A template that is in use: nobody can remove it meanwhile.
public final class TemplateUse: Sendable {
    /// The version in use.
    public let entry: CatalogueEntry
    private let lock: FileLock

    init(entry: CatalogueEntry, lock: FileLock) {
        self.entry = entry
        self.lock = lock
    }

    /// Ends the use.
    public func release() { lock.release() }
}
