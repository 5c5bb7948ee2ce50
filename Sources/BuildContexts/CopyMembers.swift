internal import Archives
internal import ReplayPlan
internal import SystemPackage

/// The members of a ``CopyArchive``, one after the other.
struct CopyMembers: TarEntrySource {
    /// Where the files of a source are.
    private struct Place {
        var root: FilePath
        var manifest: ContextManifest
    }

    private let sources: [(source: CopySource, place: Place)]

    private var sourceIndex = 0
    /// The number of members of the current source that were given out; the directory itself is the first.
    private var memberIndex = 0
    /// The first names of files with several names, by link group, within the current source.
    private var firstNames: [Int: String] = [:]
    private var content = Content.none
    /// Whether files are opened, to be read.
    private var hasContents = true

    private enum Content {
        case none
        case file(ContextFile)
        case inline(ArraySlice<UInt8>)
        case archive(ArchiveMembers)
    }

    /// - Parameter fetched: Where what was fetched for ADD is, by identifier.
    init(sources: [CopySource], root: FilePath, fetched: (String) -> FilePath?, manifest: ContextManifest) throws {
        let context = Place(root: root, manifest: manifest)
        self.sources = try sources.map { source in
            guard case .remote(let origin, let inner) = source else { return (source, context) }
            guard let root = fetched(origin), let manifest = manifest.fetched[origin] else {
                throw ContextError(.notFound, "\(origin) was not fetched.")
            }
            return (inner, Place(root: root, manifest: manifest))
        }
    }

    /// The same members; the contents of the context's files cannot be read.
    var withoutContents: CopyMembers {
        var members = self
        members.hasContents = false
        return members
    }

    /// The bytes of content: a file with several names within a source counts once, an archive with its file's size.
    var contentSize: Int64 {
        sources.reduce(0) { sum, item in
            let manifest = item.place.manifest
            func size(of path: String) -> Int64 {
                if case .file(let size) = manifest[path]?.kind { size } else { 0 }
            }
            switch item.source {
            case .file(let path, _), .archive(let path): return sum + size(of: path)
            case .remote: return sum
            case .inline(let file): return sum + Int64(file.content.utf8.count)
            case .directory(let path, let entries):
                var groups: Set<Int> = []
                return entries.reduce(sum) { sum, entry in
                    let place = Self.join(path, entry)
                    if let group = manifest[place]?.linkGroup, !groups.insert(group).inserted { return sum }
                    return sum + size(of: place)
                }
            }
        }
    }

    mutating func next() throws -> TarEntry? {
        if case .file(var file) = content {
            content = .none
            try file.finish()
        }
        while sourceIndex < sources.count {
            let (source, place) = sources[sourceIndex]
            if let entry = try member(of: source, in: place) {
                memberIndex += 1
                return entry
            }
            sourceIndex += 1
            memberIndex = 0
            firstNames = [:]
            content = .none
        }
        return nil
    }

    mutating func read(upTo maximum: Int) throws -> [UInt8] {
        switch content {
        case .none: return []
        case .archive(let members): return try members.read(upTo: maximum)
        case .inline(var rest):
            let bytes = Array(rest.prefix(maximum))
            rest.removeFirst(bytes.count)
            content = .inline(rest)
            return bytes
        case .file(var file):
            content = .none
            let bytes = try file.read(upTo: maximum)
            content = .file(file)
            return bytes
        }
    }

    private mutating func member(of source: CopySource, in place: Place) throws -> TarEntry? {
        switch source {
        case .file(let path, let name):
            return memberIndex == 0 ? try entry(at: path, in: place, as: "\(sourceIndex)/\(name)") : nil
        case .inline(let file):
            guard memberIndex == 0 else { return nil }
            let bytes = Array(file.content.utf8)
            content = .inline(bytes[...])
            return TarEntry(
                path: "\(sourceIndex)/\(file.name)", kind: .file(size: Int64(bytes.count)), mode: 0o644)
        case .directory(let path, let entries):
            if memberIndex == 0 { return try entry(at: path, in: place, as: "\(sourceIndex)") }
            guard memberIndex <= entries.count else { return nil }
            let relative = entries[memberIndex - 1]
            return try entry(at: Self.join(path, relative), in: place, as: "\(sourceIndex)/\(relative)")
        case .archive(let path):
            if memberIndex == 0 {
                content = .archive(try ArchiveMembers(path, in: place.root, below: "\(sourceIndex)"))
                return TarEntry(path: "\(sourceIndex)", kind: .directory, mode: 0o755)
            }
            guard case .archive(let members) = content else { return nil }
            return try members.next()
        case .remote: return nil
        }
    }

    /// The member for one thing of the context, or of what was fetched.
    private mutating func entry(at path: String, in place: Place, as name: String) throws -> TarEntry {
        guard let found = place.manifest[path] else { throw ContextFile.changed(path, "it was not there") }
        let kind: TarEntry.Kind
        switch found.kind {
        case .directory: kind = .directory
        case .symbolicLink(let target): kind = .symbolicLink(target: target)
        case .file(let size):
            if let group = found.linkGroup, let first = firstNames[group] {
                kind = .hardLink(target: first)
            } else {
                if let group = found.linkGroup { firstNames[group] = name }
                if hasContents { content = .file(try ContextFile(path, entry: found, in: place.root)) }
                kind = .file(size: size)
            }
        case .special, .unnameable:
            throw ContextError(.unreadable, "\(path) in the build context is neither file, directory nor link.")
        }
        return TarEntry(path: name, kind: kind, mode: found.mode, modified: found.modified)
    }

    private static func join(_ directory: String, _ name: String) -> String {
        directory.isEmpty ? name : directory + "/" + name
    }
}
