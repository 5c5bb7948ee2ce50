internal import Archives
internal import Synchronization
internal import SystemPackage

/// The members of a local archive that ADD unpacks, renamed to lie below one directory.
final class ArchiveMembers: Sendable {
    private let path: String
    private let directory: String
    private let reader: Mutex<TarReader>

    init(_ path: String, in root: FilePath, below directory: String) throws {
        self.path = path
        self.directory = directory
        do {
            reader = try Mutex(TarReader(file: root.appending(path)))
        } catch {
            throw ContextError(.archive, "\(path) in the build context cannot be unpacked.", cause: error)
        }
    }

    /// The next member; nil after the last one.
    func next() throws -> TarEntry? {
        while true {
            guard let found = try attempt({ try $0.next() }) else { return nil }
            guard let name = try place(found.path) else { continue }
            var entry = found
            entry.path = name
            switch found.kind {
            case .file, .directory, .symbolicLink: break
            case .hardLink(let target): entry.kind = .hardLink(target: try place(target) ?? directory)
            case .special:
                throw ContextError(
                    .archive,
                    "\(path) in the build context holds a device, pipe or socket, \(found.path), which is not put on a machine."
                )
            }
            return entry
        }
    }

    /// The next bytes of the current member's content; empty at its end.
    func read(upTo maximum: Int) throws -> [UInt8] {
        try attempt { try $0.read(upTo: maximum) }
    }

    /// Where a member goes; nil for the archive's own root.
    private func place(_ name: String) throws -> String? {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw ContextError(
                .archive, "\(path) in the build context holds a member outside of itself, \(name), and is not unpacked."
            )
        }
        return parts.isEmpty ? nil : directory + "/" + parts.joined(separator: "/")
    }

    private func attempt<Value: Sendable>(_ body: (TarReader) throws -> Value) throws -> Value {
        do {
            return try reader.withLock { try body($0) }
        } catch {
            throw ContextError(.archive, "\(path) in the build context cannot be unpacked.", cause: error)
        }
    }
}
