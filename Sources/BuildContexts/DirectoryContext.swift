internal import Archives
internal import Crypto
public import DockerfileLanguage
public import ReplayPlan
internal import SystemCalls
public import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A directory of this machine as a build context.
public struct DirectoryContext: Sendable {
    /// The directory.
    public let root: FilePath
    /// What of it is not part of the context.
    public let ignore: IgnorePatterns
    /// The file that the patterns come from; nil when there is none.
    public let ignoreFile: FilePath?
    /// What ADD takes from the network.
    private let remotes: RemoteSources

    /// Makes a context of a directory.
    ///
    /// The patterns come from `<Dockerfile>.dockerignore` beside the Dockerfile, wherever that is, or else from
    /// `.dockerignore` in the directory. As in BuildKit, an ignore file that cannot be read counts as none.
    /// - Throws: ``ContextError``: `not-found` when there is no such directory, `ignore-file` when a pattern is wrong.
    public init(root: FilePath, dockerfile: FilePath?) throws {
        try self.init(root: root, dockerfile: dockerfile, remotes: RemoteSources())
    }

    /// - Parameter remotes: What keeps the directory, when it was fetched.
    init(root: FilePath, dockerfile: FilePath?, remotes: RemoteSources) throws {
        self.remotes = remotes
        do {
            guard try root.stat().type == .directory else {
                throw ContextError(.notFound, "The build context \(root) is no directory.")
            }
        } catch let error as Errno {
            throw ContextError(.notFound, "The build context \(root) cannot be used.", cause: error)
        }
        self.root = root
        for candidate in Self.candidates(root: root, dockerfile: dockerfile) {
            guard let bytes = try? Self.content(of: candidate) else { continue }
            do {
                ignore = try IgnorePatterns(parsing: bytes)
            } catch {
                throw ContextError(.ignoreFile, "The ignore file \(candidate) is not valid.", cause: error)
            }
            ignoreFile = candidate
            return
        }
        ignore = IgnorePatterns()
        ignoreFile = nil
    }

    /// What the ignore file of a directory says; nil when there is none, or it is not valid.
    public static func ignoreFile(of root: FilePath, dockerfile: FilePath?) -> ContextManifest.IgnoreFile? {
        let root = root.isEmpty ? "." : root
        for candidate in candidates(root: root, dockerfile: dockerfile) {
            guard let bytes = try? Self.content(of: candidate) else { continue }
            return (try? IgnorePatterns(parsing: bytes)).map {
                ContextManifest.IgnoreFile(
                    name: candidate.lastComponent?.string ?? candidate.string, patterns: $0.patterns)
            }
        }
        return nil
    }

    private static func candidates(root: FilePath, dockerfile: FilePath?) -> [FilePath] {
        (dockerfile.map { [FilePath($0.string + ".dockerignore")] } ?? []) + [root.appending(".dockerignore")]
    }

    /// Notes everything in the directory that is not ignored, without opening a file.
    /// - Throws: ``ContextError``: `unreadable`, naming the directory.
    public func scan() throws -> ContextManifest {
        var scanner = ContextScanner(root: root, ignore: ignore)
        try scanner.scan()
        let note = ignoreFile.map {
            ContextManifest.IgnoreFile(name: $0.lastComponent?.string ?? $0.string, patterns: ignore.patterns)
        }
        return ContextManifest(items: scanner.items, ignoreFile: note)
    }

    /// Looks into the files that a plan needs to know about, several at a time, in constant memory, and fetches what it
    /// needs of the network. What was fetched lives as long as this value and its copies.
    /// - Returns: The manifest with the digests and the archive marks filled in.
    /// - Throws: ``ContextError``: `changed`, `unreadable`. `PlanError` when something of the network cannot be had.
    public func complete(_ manifest: ContextManifest, for needs: ContextNeeds) async throws -> ContextManifest {
        var result = manifest
        for path in needs.archiveCandidates {
            result.note(isArchive: TarReader.isArchive(file: root.appending(path)), of: path)
        }
        for remote in needs.remotes { result.fetched[remote.identifier] = try await remotes.fetch(remote) }
        let jobs = needs.digests.compactMap { path in manifest[path].map { (path, $0) } }
        try await withThrowingTaskGroup(of: (String, String).self) { group in
            var waiting = jobs.makeIterator()
            func start() {
                guard let (path, entry) = waiting.next() else { return }
                group.addTask { (path, try Self.digest(of: path, entry: entry, in: root)) }
            }
            for _ in 0..<Self.parallelReads { start() }
            while let (path, digest) = try await group.next() {
                result.note(digest: digest, of: path)
                start()
            }
        }
        return result
    }

    /// Makes a directory of this machine, or what an address names, a further context.
    /// - Returns: What it holds, for ``ContextManifest/fetched``.
    /// - Throws: ``ContextError``, or `PlanError` when it cannot be fetched.
    public func manifest(ofContext name: String, at text: String) async throws -> ContextManifest {
        let identifier = ContextReference.identifier(named: name)
        let fetched = try await FetchedContext(text, remotes: remotes)
        let root = try fetched?.directory() ?? FilePath(text)
        let context = try DirectoryContext(root: root, dockerfile: nil, remotes: remotes)
        return try remotes.adopt(root, as: identifier, ignore: context.ignore)
    }

    /// The files of one COPY or ADD as a tar archive.
    /// - Parameter manifest: The one that the action was planned with.
    public func archive(of action: CopyAction, manifest: ContextManifest) throws -> CopyArchive {
        try CopyArchive(action, root: root, fetched: { remotes.root(of: $0) }, manifest: manifest)
    }

    /// Reading is bound by one disk and hashing by the cores: a few at a time keep both busy.
    private static let parallelReads = 4

    static func digest(of path: String, entry: ContextEntry, in root: FilePath) throws -> String {
        var entry = entry
        entry.digest = nil
        var file = try ContextFile(path, entry: entry, in: root)
        var hash = SHA256()
        while case let bytes = try file.read(upTo: 256 * 1024), !bytes.isEmpty {
            hash.update(data: bytes)
            try Task.checkCancellation()
        }
        try file.finish()
        return hash.finalize().text
    }

    private static func content(of file: FilePath) throws -> [UInt8] {
        let open = OpenFile(try FileDescriptor.open(file, .readOnly, options: [.closeOnExec]))
        var content: [UInt8] = []
        while case let bytes = try open.descriptor.bytes(upTo: 64 * 1024), !bytes.isEmpty { content += bytes }
        return content
    }
}
