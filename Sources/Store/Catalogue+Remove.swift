import FoundationEssentials
import GRDB
import SystemCalls
import SystemPackage

extension Catalogue {
    /// Removes what a text leads to: `name` or `name:tag` is the tag with *all* its versions, an identifier that one
    /// version (the tag then leads to the newest version that remains). Answers what was removed.
    ///
    /// Throws `.inUse` when a version is in use, `.notFound` when there is none; then nothing was removed. The rows go
    /// first, in one transaction, then the files; `reconcile` finishes what a crash leaves.
    public func remove(_ text: String) async throws -> [CatalogueEntry] {
        let directories = database.directories
        let found = try await database.read("look up the template '\(text)'") { database in
            try Catalogue.versions(text, in: database).map { try CatalogueEntry(row: $0, directories: directories) }
        }
        var locks: [FileLock] = []
        for entry in found {
            let lock = try StoreDatabase.failing("lock the template \(entry.reference)") {
                try FileLock.tryAcquire(directories.lock(ofTemplate: entry.id))
            }
            guard let lock else {
                throw StoreError(
                    .inUse, "The template \(entry.reference) (version \(entry.version), \(entry.id)) is in use.")
            }
            locks.append(lock)
        }
        let identifiers = found.map(\.id)
        try await database.write("remove the template '\(text)' from the catalogue") { database in
            for identifier in identifiers { try Catalogue.removeRow(identifier, in: database) }
        }
        try await StoreDatabase.blocking("remove the files of the template '\(text)'") { [locks] in
            for (identifier, lock) in zip(identifiers, locks) {
                try Catalogue.removeTree(directories.directory(ofTemplate: identifier))
                lock.remove()
            }
        }
        return found
    }

    private static func versions(_ text: String, in database: Database) throws -> [Row] {
        if let reference = try? TemplateReference(text) {
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT \(CatalogueEntry.columns) FROM template WHERE name = ? AND tag = ? ORDER BY version DESC
                    """, arguments: [reference.name, reference.tag])
            if !rows.isEmpty { return rows }
        }
        return [try find(text, in: database)]
    }

    /// Removes a version's row. The tag that leads to it is led to the newest version that remains, or goes too.
    private static func removeRow(_ identifier: String, in database: Database) throws {
        try database.execute(
            sql: """
                UPDATE tag SET identifier = (
                    SELECT identifier FROM template
                    WHERE template.name = tag.name AND template.tag = tag.tag AND template.identifier <> ?1
                    ORDER BY version DESC LIMIT 1)
                WHERE identifier = ?1 AND EXISTS (
                    SELECT * FROM template
                    WHERE template.name = tag.name AND template.tag = tag.tag AND template.identifier <> ?1)
                """, arguments: [identifier])
        try database.execute(sql: "DELETE FROM tag WHERE identifier = ?", arguments: [identifier])
        try database.execute(sql: "DELETE FROM template WHERE identifier = ?", arguments: [identifier])
    }

    static func removeTree(_ path: FilePath) throws {
        if try isDirectory(path) { try FileManager.default.removeItem(atPath: path.string) }
    }
}
