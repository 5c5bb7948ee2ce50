import Clouds
import FoundationEssentials
import GRDB
import SystemCalls
public import SystemPackage

extension StoreDatabase {
    /// Removes the files that belong to nothing: templates that were being made or removed when a `replay` died, and
    /// forgotten locks. Answers the directories that were removed. What somebody is at work on is left alone.
    ///
    /// Builds are not its matter: see ``BuildRegistry/dead(includingKept:)``.
    public func reconcile() async throws -> [FilePath] {
        let directories = directories
        let names = try await StoreDatabase.blocking("look through '\(directories.templates)'") {
            try FileManager.default.contentsOfDirectory(atPath: directories.templates.string)
        }
        var removed: [FilePath] = []
        for identifier in Set(names.compactMap { BuildID(String($0.prefix { $0 != "." }))?.text }).sorted() {
            guard try await !isListed(identifier) else { continue }
            let lock = try StoreDatabase.failing("lock the template \(identifier)") {
                try FileLock.tryAcquire(directories.lock(ofTemplate: identifier))
            }
            guard let lock else { continue }
            // Again: whoever makes or removes a template holds its lock until the row says the truth.
            guard try await !isListed(identifier) else {
                lock.release()
                continue
            }
            removed += try await StoreDatabase.blocking("remove what is left of the template \(identifier)") {
                let left = try [
                    directories.directory(ofTemplate: identifier), directories.partialDirectory(ofTemplate: identifier),
                ].filter { try Catalogue.isDirectory($0) }
                for path in left { try Catalogue.removeTree(path) }
                lock.remove()
                return left
            }
        }
        return removed
    }

    private func isListed(_ identifier: String) async throws -> Bool {
        try await read("look up the template \(identifier)") { database in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT * FROM template WHERE identifier = ?)", arguments: [identifier])
                ?? false
        }
    }
}
