internal import Crypto
internal import ReplayPlan
internal import SystemCalls
internal import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A descriptor that closes itself when nobody holds it any more.
final class OpenFile: Sendable {
    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit { try? descriptor.close() }
}

/// One regular file of a context, opened for reading from its start to its end.
///
/// The file must stay what it was when the context was scanned: another size, another modification time or another
/// digest than the manifest's ends the reading with an error.
struct ContextFile: Sendable {
    private let file: OpenFile
    private let path: String
    private let entry: ContextEntry
    private var hash: SHA256?

    /// Opens a file of the context. A symbolic link in its place is not followed: the manifest says it is a file.
    init(_ path: String, entry: ContextEntry, in root: FilePath) throws {
        self.path = path
        self.entry = entry
        do {
            file = OpenFile(
                try FileDescriptor.open(root.appending(path), .readOnly, options: [.noFollow, .closeOnExec]))
        } catch let error as Errno where error == .noSuchFileOrDirectory || error == .tooManySymbolicLinkLevels {
            throw Self.changed(path, "it is not there any more")
        } catch {
            throw ContextError(.unreadable, "\(path) in the build context cannot be read.", cause: error)
        }
        hash = entry.digest == nil ? nil : SHA256()
        try checkUnchanged()
    }

    /// The next bytes, at most `maximum`; empty at the end.
    mutating func read(upTo maximum: Int) throws -> [UInt8] {
        do {
            let bytes = try file.descriptor.bytes(upTo: maximum)
            hash?.update(data: bytes)
            return bytes
        } catch let error as Errno {
            throw ContextError(.unreadable, "\(path) in the build context cannot be read.", cause: error)
        }
    }

    /// Checks, after the last byte, that the file is still the one of the manifest.
    mutating func finish() throws {
        guard try read(upTo: 1).isEmpty else { throw Self.changed(path, "it grew") }
        try checkUnchanged()
        if let hash, let digest = entry.digest, digest != hash.finalize().text {
            throw Self.changed(path, "its content is another one")
        }
    }

    private func checkUnchanged() throws {
        guard case .file(let size) = entry.kind else { throw Self.changed(path, "it is no file") }
        let status = try FileStatus(of: file.descriptor)
        guard status.kind == .file else { throw Self.changed(path, "it is no regular file any more") }
        guard status.size == size else { throw Self.changed(path, "it had \(size) bytes and has \(status.size)") }
        guard status.modified == entry.modified else {
            throw Self.changed(path, "its modification time is another one")
        }
    }

    static func changed(_ path: String, _ how: String) -> ContextError {
        ContextError(
            .changed,
            "\(path) in the build context changed during the build: \(how). Build again when nothing writes to it.")
    }
}

extension SHA256.Digest {
    /// `sha256:` and the hexadecimal digits.
    var text: String {
        var text = "sha256:"
        for byte in self {
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
        return text
    }
}
