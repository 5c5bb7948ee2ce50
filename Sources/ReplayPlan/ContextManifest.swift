/// What a build context holds, after `.dockerignore`: names and metadata, no contents.
///
/// The items are in tree order: the bytes of the names decide, level by level, and a directory comes right before
/// what is in it. Names are compared by their bytes, never by Unicode's equivalence, as file systems do.
public struct ContextManifest: Sendable, Hashable {
    /// One thing in the context, with its path.
    public struct Item: Sendable, Hashable {
        /// The path, relative to the context's root, without leading `/` or `./`.
        public var path: String
        /// What is there.
        public var entry: ContextEntry

        /// Makes an item.
        public init(path: String, entry: ContextEntry) {
            self.path = path
            self.entry = entry
        }
    }

    /// The ignore file that was applied: it explains why something is not in the manifest.
    public struct IgnoreFile: Sendable, Hashable {
        /// Its name, for messages: `.dockerignore`.
        public var name: String
        /// Its patterns.
        public var patterns: [String]

        /// Makes a value.
        public init(name: String, patterns: [String]) {
            self.name = name
            self.patterns = patterns
        }
    }

    /// Everything in the context but its root, in tree order.
    public private(set) var items: [Item]
    /// The ignore file, or nil.
    public var ignoreFile: IgnoreFile?
    /// What was fetched for ADD, by ``RemoteSource/identifier``: digests and archive marks included.
    public var fetched: [String: ContextManifest] = [:]

    /// Makes a manifest; the items may come in any order, each path once.
    public init(items: [Item], ignoreFile: IgnoreFile? = nil) {
        self.ignoreFile = ignoreFile
        let sorted = zip(items, items.dropFirst()).allSatisfy { Self.precedes($0.path, $1.path) }
        self.items = sorted ? items : items.sorted { Self.precedes($0.path, $1.path) }
    }

    /// Makes a manifest of entries by path.
    public init(entries: [String: ContextEntry] = [:]) {
        self.init(items: entries.map { Item(path: $0.key, entry: $0.value) })
    }

    /// What is at a path; nil when there is nothing, or it is ignored. The root itself (``""``) is a directory.
    public subscript(path: String) -> ContextEntry? {
        if path.isEmpty { return ContextEntry(kind: .directory, mode: 0o755, modified: 0) }
        return index(of: path).map { items[$0].entry }
    }

    /// Sets what was found out about the content of a file; does nothing when there is no such path.
    public mutating func note(digest: String? = nil, isArchive: Bool? = nil, of path: String) {
        guard let index = index(of: path) else { return }
        if let digest { items[index].entry.digest = digest }
        if let isArchive { items[index].entry.isArchive = isArchive }
    }

    /// Everything below a directory (the root is ``""``), in tree order; empty when there is no such directory.
    public func items(below directory: String) -> ArraySlice<Item> {
        if directory.isEmpty { return items[...] }
        let prefix = directory + "/"
        let first = firstIndex(notBefore: prefix)
        var last = first
        while last < items.count, items[last].path.utf8.starts(with: prefix.utf8) { last += 1 }
        return items[first..<last]
    }

    /// Whether a path comes before another one in tree order.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8) { rank($0) < rank($1) }
    }

    /// A slash ranks below every byte that a name can have, so that a directory's content follows it at once.
    private static func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }

    private func index(of path: String) -> Int? {
        let index = firstIndex(notBefore: path)
        guard index < items.count, items[index].path.utf8.elementsEqual(path.utf8) else { return nil }
        return index
    }

    private func firstIndex(notBefore path: String) -> Int {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(items[middle].path, path) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
