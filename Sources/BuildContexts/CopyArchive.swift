internal import Archives
internal import Crypto
internal import ReplayPlan
internal import Synchronization
internal import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The files of one COPY or ADD as a tar archive that is made while it is read: constant memory for any size.
///
/// The members of the source number N (counted from 0) lie below `N/`; their owner is 0:0, their modes and
/// modification times are those of the context, and equal inputs give equal bytes:
///
/// - a file: `N/NAME`, NAME being the name that it gets in a destination directory
/// - a directory: `N` itself, then `N/RELATIVE` for everything that is copied, parents first; further names of a file
///   that was there before within the same source are hard links
/// - a heredoc: `N/NAME`, mode 0644, modified at 0
/// - an archive that ADD unpacks: `N` with mode 0755, then its members as `N/MEMBER` with the archive's own owners.
///   Compression is undone here; leading `/` and `./` are dropped; parents that the archive does not name are not there
public final class CopyArchive: Sendable {
    private struct State {
        var stream: TarStream
        var hash: SHA256? = SHA256()
        var count: Int64 = 0
        var digest: String?
    }

    /// The bytes of content in it: what a progress bar counts to. Members that come out of an archive count with the
    /// archive file's size.
    public let contentSize: Int64
    private let source: CopyMembers
    private let state: Mutex<State>

    init(
        _ action: CopyAction, root: FilePath, fetched: (String) -> FilePath?, manifest: ContextManifest
    ) throws {
        source = try CopyMembers(sources: action.sources, root: root, fetched: fetched, manifest: manifest)
        contentSize = source.contentSize
        state = try Mutex(State(stream: TarStream(source)))
    }

    /// The next bytes of the archive: at least one and at most `maximum`; empty at its end.
    ///
    /// It may be called from any thread, by one caller at a time.
    /// - Throws: ``ContextError``: `changed` when a file is not what it was when the context was scanned, `unreadable`.
    ///   The archive is unusable afterwards.
    public func read(upTo maximum: Int) throws -> [UInt8] {
        try state.withLock { state in
            let bytes: [UInt8]
            do {
                bytes = try state.stream.read(upTo: maximum)
            } catch let error as ArchiveError where error.code == .contentChanged {
                throw ContextError(
                    .changed, "A file in the build context became shorter while it was read. Build again.",
                    cause: error)
            }
            if bytes.isEmpty {
                if let hash = state.hash { state.digest = hash.finalize().text }
                state.hash = nil
            } else {
                state.hash?.update(data: bytes)
                state.count += Int64(bytes.count)
            }
            return bytes
        }
    }

    /// `sha256:` of the whole archive, once it has been read to its end; nil before.
    public var digest: String? { state.withLock { $0.digest } }

    /// How many bytes have been read so far.
    public var bytesRead: Int64 { state.withLock { $0.count } }

    /// The size of the whole archive in bytes, without reading the files; archives that ADD unpacks are read through.
    public func totalSize() throws -> Int64 { try CopyArchiveSize.measure(source) }
}
