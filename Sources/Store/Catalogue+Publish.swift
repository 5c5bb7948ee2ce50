public import Clouds
import FoundationEssentials
import GRDB
import SystemCalls
import SystemPackage

extension Catalogue {
    /// Makes a fresh directory that will become a template's, invisible until ``publish(_:as:build:image:metadata:)``.
    public func prepare() throws -> PreparedTemplate {
        // As many random bits as a build's identifier, and as readable.
        let identifier = BuildID.random().text
        let directories = database.directories
        return try StoreDatabase.failing("make a directory for the template") {
            guard let lock = try FileLock.tryAcquire(directories.lock(ofTemplate: identifier)) else {
                throw StoreError(.inUse, "The identifier \(identifier) is taken: try again.")
            }
            let directory = directories.partialDirectory(ofTemplate: identifier)
            do {
                try FileManager.default.createDirectory(
                    atPath: directory.string, withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o700])
            } catch {
                lock.remove()
                throw error
            }
            return PreparedTemplate(identifier: identifier, directory: directory, lock: lock)
        }
    }

    /// Makes a prepared template the next version of a `name:tag`, and leads the tag to it. Whole or not at all: on an
    /// error the tag leads to where it led before and the prepared directory is gone.
    ///
    /// Everything in the directory is on the disk before the version can be seen, and the directory's rename before the
    /// row. `metadata` is written to `template.json` in it.
    public func publish(
        _ prepared: PreparedTemplate, as reference: TemplateReference, build: BuildID?, image: CloudImage,
        metadata: String
    ) async throws -> CatalogueEntry {
        let directories = database.directories
        let identifier = prepared.identifier
        let final = directories.directory(ofTemplate: identifier)
        let file = prepared.fileName(of: image)
        do {
            let size = try await StoreDatabase.blocking("write the template to the disk") {
                try AtomicFile.write(metadata.utf8, to: prepared.directory.appending("template.json"))
                let size = try Catalogue.synchronizeTree(prepared.directory)
                try AtomicFile.rename(prepared.directory, to: final)
                return size
            }
            let entry = try await database.write("list the template \(reference)") { database in
                let last = try Int.fetchOne(
                    database, sql: "SELECT last_version FROM tag WHERE name = ? AND tag = ?",
                    arguments: [reference.name, reference.tag])
                let version = (last ?? 0) + 1
                try database.execute(
                    sql: """
                        INSERT INTO template (identifier, name, tag, version, build, cloud, image, image_is_file, digest,
                            origin, size, created, metadata)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        identifier, reference.name, reference.tag, version, build?.text, image.cloud,
                        file ?? image.reference, file != nil, image.digest, image.origin, size,
                        Timestamp.now.milliseconds, metadata,
                    ])
                try database.execute(
                    sql: """
                        INSERT INTO tag (name, tag, identifier, last_version) VALUES (?, ?, ?, ?)
                        ON CONFLICT (name, tag) DO UPDATE
                        SET identifier = excluded.identifier, last_version = excluded.last_version
                        """, arguments: [reference.name, reference.tag, identifier, version])
                return try CatalogueEntry(
                    row: try Catalogue.find(identifier, in: database), directories: directories)
            }
            prepared.published()
            return entry
        } catch {
            try? FileManager.default.removeItem(atPath: final.string)
            prepared.discard()
            throw error
        }
    }

    /// `fsync`s all that is in a directory, and it; answers the files' bytes.
    static func synchronizeTree(_ directory: FilePath) throws -> Int64 {
        var size: Int64 = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.string) {
            let path = directory.appending(name)
            let status = try path.stat(followTargetSymlink: false)
            switch status.type {
            case .directory: size += try synchronizeTree(path)
            case .regular:
                try AtomicFile.synchronize(path)
                size += Int64(status.size)
            default: throw StoreError(.damaged, "'\(path)' is neither a file nor a directory.")
            }
        }
        try AtomicFile.synchronize(directory)
        return size
    }

    static func isDirectory(_ path: FilePath) throws -> Bool {
        do { return try path.stat(followTargetSymlink: false).type == .directory } catch Errno.noSuchFileOrDirectory {
            return false
        }
    }
}
