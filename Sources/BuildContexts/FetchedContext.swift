internal import Archives
internal import ReplayPlan
internal import SystemCalls
public import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A build context that is not a directory of this machine: a git repository, an archive or a single Dockerfile behind a web
/// address or on standard input. It lies in a temporary directory, which is removed when nobody holds the context any more.
public struct FetchedContext: Sendable {
    private let remotes: RemoteSources
    /// Where the files are; for a single Dockerfile an empty directory.
    private let root: FilePath
    /// The Dockerfile when it came alone.
    private let single: FilePath?
    /// What was named, without a password.
    private let title: String

    /// Fetches what an address names; nil when the text is a path.
    /// - Throws: `PlanError`, ``ContextError``.
    public init?(_ text: String) async throws {
        try await self.init(text, remotes: RemoteSources())
    }

    init?(_ text: String, remotes: RemoteSources) async throws {
        guard let source = try ContextReference.remote(text) else { return nil }
        self.remotes = remotes
        title = source.identifier
        _ = try await remotes.fetch(source, for: "The context")
        guard let place = remotes.root(of: source.identifier) else {
            throw ContextError(.notFound, "\(source.identifier) was not fetched.")
        }
        guard case .download(let download) = source.kind else {
            root = place
            single = nil
            return
        }
        (root, single) = try Self.open(place.appending(download.name), title: title, remotes: remotes)
    }

    /// Takes what was read from standard input: a Dockerfile, or an archive.
    public init(standardInput bytes: [UInt8]) throws {
        remotes = RemoteSources()
        title = "standard input"
        let file = try remotes.makePlace().appending("Dockerfile")
        try AtomicFile.write(bytes, to: file)
        (root, single) = try Self.open(file, title: title, remotes: remotes)
    }

    /// An archive is unpacked; anything else is a Dockerfile with a context that has no files.
    private static func open(
        _ file: FilePath, title: String, remotes: RemoteSources
    ) throws -> (root: FilePath, single: FilePath?) {
        let root = try remotes.makePlace()
        guard TarReader.isArchive(file: file) else { return (root, file) }
        try ArchiveUnpacker(root: root, title: title).unpack(file)
        return (root, nil)
    }

    /// The directory with the files.
    /// - Throws: ``ContextError`` when only a Dockerfile came.
    func directory() throws -> FilePath {
        guard single == nil else {
            throw ContextError(
                .archive, "\(title) is no archive of files (tar, plain or compressed), and no git repository.")
        }
        return root
    }

    /// Where the Dockerfile is.
    /// - Parameter name: `--file`, within the context; nil for the usual names.
    /// - Throws: ``ContextError`` when the name leads out of the context.
    public func dockerfile(named name: String?) throws -> FilePath {
        if let single, name == nil { return single }
        let names = name.map { [$0] } ?? ["Dockerfile", "dockerfile"]
        for name in names where FilePath(name).components.contains(where: { $0.kind == .parentDirectory }) {
            throw ContextError(.notFound, "--file \(name) leads out of the context \(title).")
        }
        let places = names.map { root.pushing(FilePath(root: nil, FilePath($0).components)) }
        let found = places.first { (try? FileStatus(of: $0).kind) == .file }
        guard let place = found else {
            throw ContextError(.notFound, "There is no \(names[0]) in the context \(title).")
        }
        try checkInside(place)
        return place
    }

    /// A link in what was fetched must not lead to a file of this machine.
    private func checkInside(_ place: FilePath) throws {
        var path = root
        for component in place.components.dropFirst(root.components.count) {
            path.append(component)
            guard (try? path.stat(followTargetSymlink: false).type) != .symbolicLink else {
                throw ContextError(
                    .notFound, "\(component) in the context \(title) is a link; the Dockerfile must be a file.")
            }
        }
    }

    /// The context; it keeps the files.
    public func context(dockerfile: FilePath) throws -> DirectoryContext {
        try DirectoryContext(root: root, dockerfile: dockerfile, remotes: remotes)
    }
}
