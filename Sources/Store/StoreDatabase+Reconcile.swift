import Clouds
import FoundationEssentials
import GRDB
import SystemCalls
public import SystemPackage

extension StoreDatabase {
    /// Removes the files that belong to nothing: templates that were being made or removed when a `replay` died, and
    /// locks and logs of builds that never began. Answers the directories that were removed. What somebody is at work on
    /// is left alone.
    ///
    /// The resources of dead builds are not its matter: see ``BuildRegistry/dead(includingKept:)``.
    public func reconcile() async throws -> [FilePath] {
        let directories = directories
        _ = try await sweep(directories.builds, table: "build", key: "id", lock: directories.lock(of:)) { id in
            try? FileManager.default.removeItem(atPath: directories.log(of: id).string)
            directories.forgetResumption(of: id)
            return []
        }
        return try await sweep(
            directories.templates, table: "template", key: "identifier",
            lock: { directories.lock(ofTemplate: $0.text) }
        ) { id in
            let left = try [
                directories.directory(ofTemplate: id.text), directories.partialDirectory(ofTemplate: id.text),
            ].filter { try Catalogue.isDirectory($0) }
            for path in left { try Catalogue.removeTree(path) }
            return left
        }
    }

    /// Calls `remove` for everything in a directory that no row knows and nobody has locked.
    private func sweep(
        _ directory: FilePath, table: String, key: String, lock path: (BuildID) -> FilePath,
        remove: @escaping @Sendable (BuildID) throws -> [FilePath]
    ) async throws -> [FilePath] {
        let names = try await StoreDatabase.blocking("look through '\(directory)'") {
            try FileManager.default.contentsOfDirectory(atPath: directory.string)
        }
        var removed: [FilePath] = []
        // Identifiers of templates have the form of those of builds.
        for id in Set(names.compactMap { BuildID(String($0.prefix { $0 != "." })) }) {
            guard try await !isListed(id, table, key) else { continue }
            let path = path(id)
            guard let lock = try StoreDatabase.failing("lock '\(path)'", { try FileLock.tryAcquire(path) }) else {
                continue
            }
            // Again: whoever makes or removes something holds its lock until the row says the truth.
            guard try await !isListed(id, table, key) else {
                lock.release()
                continue
            }
            removed += try await StoreDatabase.blocking("remove what is left of '\(id)'") {
                defer { lock.remove() }
                return try remove(id)
            }
        }
        return removed.sorted { $0.string < $1.string }
    }

    private func isListed(_ id: BuildID, _ table: String, _ key: String) async throws -> Bool {
        try await read("look up '\(id)'") { database in
            try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT * FROM \(table) WHERE \(key) = ?)", arguments: [id.text]) ?? false
        }
    }
}
