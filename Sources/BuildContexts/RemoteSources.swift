internal import Archives
internal import DockerfileLanguage
internal import HTTPTransport
internal import ReplayPlan
internal import Synchronization
internal import SystemCalls
internal import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Fetches what ADD takes from the network, into a temporary directory of its own that is removed with the value.
final class RemoteSources: Sendable {
    private struct State {
        var directory: FilePath?
        var roots: [String: FilePath] = [:]
    }

    private let state = Mutex(State())

    deinit {
        if let directory = state.withLock({ $0.directory }) {
            try? FileManager.default.removeItem(atPath: directory.string)
        }
    }

    /// Where something that was fetched is.
    func root(of identifier: String) -> FilePath? { state.withLock { $0.roots[identifier] } }

    /// Fetches a source, checks it, and says what it holds: with digests, and archives marked.
    /// - Parameter subject: What names the source, for messages.
    /// - Throws: `PlanError` at the lines of the ADD.
    func fetch(_ source: RemoteSource, for subject: String = "ADD") async throws -> ContextManifest {
        let place = try makePlace()
        do {
            switch source.kind {
            case .download(let download): try await fetch(download, into: place)
            case .repository(let repository):
                let root = try await GitFetch(repository: repository, work: place).run()
                return try manifest(of: root, as: source.identifier)
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as RemoteFailure {
            throw PlanError(.download, "\(subject) \(source.identifier): \(error.message)", lines: [source.lines])
        } catch {
            throw PlanError(
                .download, "\(subject) \(source.identifier) cannot be fetched: \(error)", lines: [source.lines])
        }
        return try manifest(of: place, as: source.identifier)
    }

    /// Takes a directory as the content of a source: of this machine, or one that was fetched.
    func adopt(_ root: FilePath, as identifier: String, ignore: IgnorePatterns) throws -> ContextManifest {
        try manifest(of: root, as: identifier, ignore: ignore)
    }

    /// An empty directory that lives as long as this value.
    func makePlace() throws -> FilePath {
        try state.withLock { state in
            let directory =
                state.directory
                ?? FilePath(FileManager.default.temporaryDirectory.path).appending(
                    "replay-fetched-\(UUID().uuidString)")
            let place = directory.appending("\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                atPath: place.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            state.directory = directory
            return place
        }
    }

    /// As in BuildKit: mode 0600, the server's modification time or else 1970.
    private func fetch(_ download: RemoteSource.Download, into place: FilePath) async throws {
        let file = place.appending(download.name)
        let response = try await HTTPClient().download(HTTPRequest(download.url), to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.string)
        let moment = response.header("Last-Modified").flatMap(HTTPDate.seconds) ?? 0
        try FileStatus.setModified(moment * 1_000_000_000, of: file)
        guard let checksum = download.checksum else { return }
        let found = try digest(of: download.name, in: place)
        guard found == checksum else {
            throw RemoteFailure("its checksum is \(found), not \(checksum). Nothing of it was used.")
        }
    }

    private func digest(of name: String, in place: FilePath) throws -> String {
        let status = try FileStatus(of: place.appending(name))
        let entry = ContextEntry(kind: .file(size: status.size), mode: status.permissions, modified: status.modified)
        return try DirectoryContext.digest(of: name, entry: entry, in: place)
    }

    private func manifest(
        of root: FilePath, as identifier: String, ignore: IgnorePatterns = IgnorePatterns()
    ) throws -> ContextManifest {
        var scanner = ContextScanner(root: root, ignore: ignore)
        try scanner.scan()
        var manifest = ContextManifest(items: scanner.items)
        for item in scanner.items {
            guard case .file = item.entry.kind else { continue }
            manifest.note(
                digest: try DirectoryContext.digest(of: item.path, entry: item.entry, in: root),
                isArchive: TarReader.isArchive(file: root.appending(item.path)), of: item.path)
        }
        state.withLock { $0.roots[identifier] = root }
        return manifest
    }
}

/// Why a source could not be had, without its name.
struct RemoteFailure: Error {
    var message: String
    init(_ message: String) { self.message = message }
}
