import BuildContexts
import Foundation
public import ReplayEngine
import ReplayPlan
import ReplayTestSupport
import Synchronization
import SystemPackage

/// Archives in the order of a stage's COPYs.
final class ArchiveQueue: CopyArchiveSource {
    private let archives: Mutex<[any CopyArchiveReading]>

    init(_ archives: [any CopyArchiveReading]) { self.archives = Mutex(archives) }

    func archive(for action: CopyAction) -> any CopyArchiveReading { archives.withLock { $0.removeFirst() } }
}

/// An archive in memory.
public final class FinishedArchive: CopyArchiveReading {
    /// `sha256:` of the whole.
    public let digest: String?
    /// The size of the whole.
    public let contentSize: Int64
    private let rest: Mutex<ArraySlice<UInt8>>

    /// Makes an archive of its bytes.
    public init(_ bytes: [UInt8], digest: String) {
        self.digest = digest
        contentSize = Int64(bytes.count)
        rest = Mutex(bytes[...])
    }

    /// The next bytes.
    public func read(upTo maximum: Int) -> [UInt8] {
        rest.withLock { rest in
            let bytes = Array(rest.prefix(maximum))
            rest.removeFirst(bytes.count)
            return bytes
        }
    }

    /// The archive of a COPY from a stage. What comes out of a build context is root's, but a stage's files keep their
    /// owners: so the context's archive is made, unpacked, given the owners, and packed again.
    static func ofStage(
        _ action: CopyAction, _ context: DirectoryContext, _ manifest: ContextManifest
    ) async throws -> FinishedArchive {
        let scratch = try ScratchDirectory()
        let archive = try context.archive(of: action, manifest: manifest)
        var bytes: [UInt8] = []
        while case let piece = try archive.read(upTo: 1 << 16), !piece.isEmpty { bytes += piece }
        try scratch.write(bytes, to: "archive.tar")
        var pairs: [String] = []
        for (index, source) in action.sources.enumerated() {
            switch source {
            case .file(let path, let name): pairs += [path, "\(index)/\(name)"]
            case .directory(let path, let entries):
                pairs += [path.isEmpty ? "." : path, "\(index)"]
                pairs += entries.flatMap { [(path.isEmpty ? "" : path + "/") + $0, "\(index)/\($0)"] }
            case .inline, .archive, .remote: break
            }
        }
        let script = """
            cd "$2" && mkdir unpacked && tar -xpf archive.tar -C unpacked && root=$1 && shift 2 && cd unpacked &&
            while [ $# -gt 0 ]; do
                o=$(stat -c %u:%g -- "$root/$1") m=$(stat -c %a -- "$root/$1") && chown -h "$o" -- "$2" || exit 1
                [ -L "$2" ] || chmod "$m" -- "$2" || exit 1
                shift 2
            done
            # Each directory has the time of its own again: giving owners changed nothing in it.
            tar --format=posix --numeric-owner -cf ../result.tar *
            sha256sum <../result.tar
            """
        let digest = try await shell(script, [context.root.string, scratch.path.string] + pairs)
        let result = try Data(contentsOf: URL(filePath: scratch("result.tar").string))
        return FinishedArchive(Array(result), digest: "sha256:" + digest.prefix { $0 != " " })
    }
}
