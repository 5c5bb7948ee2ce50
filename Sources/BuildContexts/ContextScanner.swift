internal import DockerfileLanguage
internal import ReplayPlan
internal import SystemCalls
internal import SystemPackage

/// Walks a directory and notes everything in it that is not ignored.
struct ContextScanner {
    let root: FilePath
    let ignore: IgnorePatterns
    private(set) var items: [ContextManifest.Item] = []
    private var groups: [FileNumber: Int] = [:]

    private struct FileNumber: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// Ignored directories between the root and where the walk is, not noted yet: they are when something below
    /// them turns out not to be ignored.
    private var pending: [ContextManifest.Item] = []

    init(root: FilePath, ignore: IgnorePatterns) {
        self.root = root
        self.ignore = ignore
    }

    /// Walks the whole directory.
    mutating func scan() throws {
        try scan(directory: "")
    }

    private mutating func scan(directory: String) throws {
        for item in try list(directory) {
            guard let name = String(validating: item.name, as: UTF8.self) else {
                noteUnnameable(item, in: directory)
                continue
            }
            let path = directory.isEmpty ? name : directory + "/" + name
            let isIgnored = ignore.ignores(path)
            switch item.status.kind {
            case .directory:
                let found = entry(.directory, item.status)
                if isIgnored {
                    guard ignore.hasExceptions else { continue }
                    pending.append(ContextManifest.Item(path: path, entry: found))
                    try scan(directory: path)
                    if pending.last?.path == path { pending.removeLast() }
                } else {
                    note(path, found)
                    try scan(directory: path)
                }
            case .file where !isIgnored:
                var found = entry(.file(size: item.status.size), item.status)
                if item.status.linkCount > 1 { found.linkGroup = group(of: item.status) }
                note(path, found)
            case .symbolicLink where !isIgnored:
                guard let target = try target(of: path) else { continue }
                let text = String(validating: target, as: UTF8.self)
                note(path, entry(text.map { .symbolicLink(target: $0) } ?? .unnameable, item.status))
            case .other where !isIgnored:
                note(path, entry(.special, item.status))
            default:
                // Ignored, or a socket: BuildKit leaves those out of a context.
                continue
            }
        }
    }

    private func list(_ directory: String) throws -> [DirectoryItem] {
        let place = directory.isEmpty ? root : root.appending(directory)
        do {
            return try FileStatus.items(in: place)
        } catch let error as Errno {
            if error == .noSuchFileOrDirectory, !directory.isEmpty { return [] }
            let code: ContextError.Code = error == .noSuchFileOrDirectory ? .notFound : .unreadable
            throw ContextError(
                code, "The directory \(place) of the build context cannot be read. Make it readable, or ignore it.",
                cause: error)
        }
    }

    /// What a link says; nil when it vanished.
    private func target(of path: String) throws -> [UInt8]? {
        do {
            return try FileStatus.target(ofLink: root.appending(path))
        } catch let error as Errno where error == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw ContextError(.unreadable, "The link \(path) in the build context cannot be read.", cause: error)
        }
    }

    private mutating func note(_ path: String, _ entry: ContextEntry) {
        items += pending
        pending.removeAll()
        items.append(ContextManifest.Item(path: path, entry: entry))
    }

    private mutating func noteUnnameable(_ item: DirectoryItem, in directory: String) {
        let name = Self.description(of: item.name)
        note(directory.isEmpty ? name : directory + "/" + name, entry(.unnameable, item.status))
    }

    /// A name that is no text, readable: `caf\xe9`.
    private static func description(of name: [UInt8]) -> String {
        var text = ""
        for byte in name {
            if byte < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + String(byte, radix: 16)
            }
        }
        return text
    }

    private mutating func group(of status: FileStatus) -> Int {
        let number = FileNumber(device: status.device, inode: status.inode)
        if let group = groups[number] { return group }
        let group = groups.count + 1
        groups[number] = group
        return group
    }

    private func entry(_ kind: ContextEntry.Kind, _ status: FileStatus) -> ContextEntry {
        ContextEntry(kind: kind, mode: status.permissions, modified: status.modified)
    }
}
