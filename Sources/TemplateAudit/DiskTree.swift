/// A file of a disk, as its directory and its inode tell.
public struct DiskEntry: Sendable, Hashable {
    /// The number of the inode; 0 where the reader does not know it.
    public var inode: UInt64
    /// Type and permissions, as `st_mode` of inode(7).
    public var mode: UInt32
    /// The owner's number.
    public var owner: UInt32
    /// The length in bytes; 0 for directories.
    public var size: UInt64

    /// Makes an entry.
    public init(inode: UInt64, mode: UInt32, owner: UInt32, size: UInt64) {
        self.inode = inode
        self.mode = mode
        self.owner = owner
        self.size = size
    }

    /// Whether it is a directory.
    public var isDirectory: Bool { mode & 0o170000 == 0o040000 }
    /// Whether it is a regular file.
    public var isFile: Bool { mode & 0o170000 == 0o100000 }
    /// Whether it is a symbolic link.
    public var isLink: Bool { mode & 0o170000 == 0o120000 }
}

/// All files of a disk's root file system by their absolute paths. Links are not followed: a path is where the file is.
public struct DiskTree: Sendable {
    /// The files, by absolute path; the root directory itself is not among them.
    public private(set) var entries: [String: DiskEntry] = [:]
    private var names: [String: [String]] = [:]

    /// Makes an empty tree.
    public init() {}

    /// Adds a file to its directory, `""` for the root.
    public mutating func add(_ name: String, in directory: String, _ entry: DiskEntry) {
        entries["\(directory)/\(name)"] = entry
        names[directory, default: []].append(name)
    }

    /// The file at a path.
    public subscript(path: String) -> DiskEntry? { entries[path] }

    /// The paths that match a pattern, sorted. A component is a name with `*` for any characters; the component `**`
    /// stands for any number of directories, also none, and at the end for everything below.
    public func paths(matching pattern: String) -> [String] {
        var found: [String] = []
        collect(pattern.split(separator: "/").map(String.init)[...], in: "", into: &found)
        return Array(Set(found)).sorted()
    }

    private func collect(_ components: ArraySlice<String>, in directory: String, into found: inout [String]) {
        guard let first = components.first else { return }
        let rest = components.dropFirst()
        func take(_ name: String) {
            let path = "\(directory)/\(name)"
            if rest.isEmpty { found.append(path) } else { collect(rest, in: path, into: &found) }
        }
        switch first {
        case "**":
            collect(rest, in: directory, into: &found)
            for name in names[directory] ?? [] {
                let path = "\(directory)/\(name)"
                if rest.isEmpty { found.append(path) }
                if names[path] != nil { collect(components, in: path, into: &found) }
            }
        case _ where first.contains("*"):
            for name in names[directory] ?? [] where Self.matches(name, first) { take(name) }
        default:
            if entries["\(directory)/\(first)"] != nil { take(first) }
        }
    }

    /// Whether a name fits a pattern in which each `*` stands for any characters.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let pieces = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        guard let head = pieces.first, let tail = pieces.last else { return name == pattern }
        var rest = Array(name.utf8)[...]
        guard rest.starts(with: head) else { return false }
        guard pieces.count > 1 else { return rest.count == head.count }
        rest = rest.dropFirst(head.count)
        for piece in pieces.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.count >= tail.count && rest.suffix(tail.count).elementsEqual(tail)
    }
}

/// Reads the root file system of a disk, or of a machine that booted from it.
public protocol DiskReader: Sendable {
    /// What is read and how, for the record: `ext4 by debugfs`.
    var method: String { get }
    /// All files.
    func tree() async throws -> DiskTree
    /// The bytes of regular files, and the targets of links. What does not exist is left out.
    func contents(of paths: [String], in tree: DiskTree) async throws -> [String: [UInt8]]
}
