internal import Archives
internal import SystemCalls
internal import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Unpacks an archive from elsewhere into an empty directory, and nowhere else: links are made last, so that nothing can be
/// written through them, and names with `..` are refused.
struct ArchiveUnpacker {
    /// The empty directory.
    let root: FilePath
    /// What the archive is called in messages.
    let title: String

    /// What a context may hold, unpacked.
    static let maximumSize: Int64 = 16 << 30

    /// Unpacks.
    /// - Throws: ``ContextError``.
    func unpack(_ file: FilePath) throws {
        do {
            try unpack(try TarReader(file: file))
        } catch let error as ContextError {
            throw error
        } catch {
            throw ContextError(.archive, "The archive \(title) cannot be unpacked.", cause: error)
        }
    }

    private func unpack(_ reader: TarReader) throws {
        var links: [(path: FilePath, target: String)] = []
        var directories: [(path: FilePath, entry: TarEntry)] = []
        var remaining = Self.maximumSize
        while let entry = try reader.next() {
            guard let path = try place(of: entry.path) else { continue }
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            switch entry.kind {
            case .directory:
                try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
                directories.append((path, entry))
            case .file:
                // A later member of the same name replaces an earlier one.
                try? FileManager.default.removeItem(atPath: path.string)
                links.removeAll { $0.path == path }
                try write(entry, from: reader, to: path, remaining: &remaining)
            case .symbolicLink(let target):
                links.removeAll { $0.path == path }
                links.append((path, target))
            case .hardLink(let target):
                guard let first = try place(of: target) else { continue }
                try? FileManager.default.removeItem(atPath: path.string)
                try FileManager.default.linkItem(atPath: first.string, toPath: path.string)
            case .special:
                throw ContextError(
                    .archive,
                    "The archive \(title) holds a device, pipe or socket, \(entry.path), which is no file to be built with."
                )
            }
        }
        for (path, target) in links {
            try? FileManager.default.removeItem(atPath: path.string)
            try FileManager.default.createSymbolicLink(atPath: path.string, withDestinationPath: target)
        }
        for (path, entry) in directories.reversed() { try finish(path, entry) }
    }

    /// Where a member goes; nil for the archive's own root.
    private func place(of name: String) throws -> FilePath? {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw ContextError(
                .archive, "The archive \(title) holds a member outside of itself, \(name), and is not unpacked.")
        }
        return parts.isEmpty ? nil : parts.reduce(root) { $0.appending(String($1)) }
    }

    private func write(_ entry: TarEntry, from reader: TarReader, to path: FilePath, remaining: inout Int64) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
            permissions: [.ownerReadWrite])
        try file.closeAfter {
            while case let piece = try reader.read(upTo: 256 * 1024), !piece.isEmpty {
                remaining -= Int64(piece.count)
                guard remaining >= 0 else {
                    throw ContextError(
                        .archive,
                        "The archive \(title) holds more than \(Self.maximumSize >> 30) GiB, and is not unpacked.")
                }
                try file.writeAll(piece)
            }
        }
        try finish(path, entry)
    }

    /// Mode and time; the owner of files in a context does not count.
    private func finish(_ path: FilePath, _ entry: TarEntry) throws {
        let mode = Int(entry.mode) & 0o777 | (entry.kind == .directory ? 0o700 : 0o400)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
        try FileStatus.setModified(entry.modified, of: path)
    }
}
