internal import SystemCalls
public import SystemPackage

/// The root file system of a raw disk image, when it is ext2, ext3 or ext4: read by debugfs(8), without root and without
/// mounting anything.
///
/// Files are named to debugfs by inode number, so no name on the disk is ever read as a command.
public struct ExtDisk: DiskReader {
    /// How it is read.
    public let method = "ext4, read by debugfs"
    private let debugfs: FilePath
    private let directory: FilePath
    private let name: String
    private let offset: Int64

    /// Opens a raw image.
    /// - Parameters:
    ///   - disk: The image.
    ///   - searchPath: As the variable PATH; `/usr/sbin` and `/sbin` are searched too.
    /// - Throws: ``AuditError``: `.unknownFileSystem` when no partition holds an ext file system with an `/etc`.
    public static func open(_ disk: FilePath, searchPath: String) async throws -> ExtDisk {
        let debugfs = try tool(searchPath: searchPath)
        for offset in try fileSystems(on: disk) {
            let candidate = ExtDisk(
                debugfs: debugfs, directory: disk.removingLastComponent(), name: disk.lastComponent?.string ?? "",
                offset: offset)
            let root = try await candidate.list([(2, "")])
            if root.contains(where: { $0.path == "/etc" }) { return candidate }
        }
        throw AuditError(.unknownFileSystem, "The disk has no ext4 root file system.")
    }

    /// Finds the program that reads ext file systems, so that its lack is known before a machine is built.
    @discardableResult
    public static func tool(searchPath: String) throws -> FilePath {
        let places = (searchPath + ":/usr/sbin:/sbin").split(separator: ":").map { FilePath(String($0)) }
        guard let debugfs = places.map({ $0.appending("debugfs") }).first(where: { FileAccess.canRun($0) }) else {
            throw AuditError(
                .missingPrerequisite, "The program 'debugfs' is missing. Install it: sudo apt-get install e2fsprogs")
        }
        return debugfs
    }

    /// Where ext file systems begin: their superblock, 1024 bytes on, has 0xEF53 at 56 (kernel, ext4/globals).
    private static func fileSystems(on disk: FilePath) throws -> [Int64] {
        do {
            let file = try FileDescriptor.open(disk, .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                try PartitionTable.offsets(of: file).filter {
                    try file.bytes(at: $0 + 1024 + 56, count: 2) == [0x53, 0xef]
                }
            }
        } catch {
            throw AuditError(.unreadable, "The disk '\(disk)' cannot be read.", cause: error)
        }
    }

    private struct Found {
        var path: String
        var parent: String
        var name: String
        var entry: DiskEntry
    }

    /// All files: a breadth-first walk, one run of debugfs a level.
    public func tree() async throws -> DiskTree {
        var tree = DiskTree()
        var seen: Set<UInt64> = [2]
        var level: [(UInt64, String)] = [(2, "")]
        while !level.isEmpty {
            var next: [(UInt64, String)] = []
            for found in try await list(level) {
                tree.add(found.name, in: found.parent, found.entry)
                // A damaged disk may have a directory inside of itself.
                if found.entry.isDirectory, seen.insert(found.entry.inode).inserted {
                    next.append((found.entry.inode, found.path))
                }
            }
            level = next
        }
        return tree
    }

    /// `ls -p` prints a line for each file: `/INODE/MODE/UID/GID/NAME/SIZE/`, where directories have no size.
    private func list(_ directories: [(inode: UInt64, path: String)]) async throws -> [Found] {
        let output = try await run(directories.map { "ls -p <\($0.inode)>" })
        var found: [Found] = []
        var parent: String?
        var headers = directories.makeIterator()
        var open = ""
        for line in output.split(separator: UInt8(ascii: "\n")) {
            let text = open + String(decoding: line, as: UTF8.self)
            if text.hasPrefix("debugfs: ls -p <"), open.isEmpty {
                parent = headers.next()?.path
                continue
            }
            // A name may hold line ends, but no slash: a line that is not whole goes on in the next one.
            let fields = text.split(separator: "/", omittingEmptySubsequences: false)
            guard fields.count == 8 || (fields.count == 7 && text.hasSuffix("/")) else {
                open = text + "\n"
                continue
            }
            open = ""
            guard let parent, let inode = UInt64(fields[1]), let mode = UInt32(fields[2], radix: 8),
                let owner = UInt32(fields[3])
            else { throw AuditError(.unreadable, "debugfs answered what cannot be read: \(text)") }
            let name = String(fields[5])
            if inode == 0 || name == "." || name == ".." { continue }
            found.append(
                Found(
                    path: "\(parent)/\(name)", parent: parent, name: name,
                    entry: DiskEntry(inode: inode, mode: mode, owner: owner, size: UInt64(fields[6]) ?? 0)))
        }
        guard open.isEmpty, headers.next() == nil else {
            throw AuditError(.unreadable, "debugfs did not list all directories: is the disk whole?")
        }
        return found
    }

    /// The bytes of files in one run: `cat` writes exactly the file's length after the line that repeats the command.
    public func contents(of paths: [String], in tree: DiskTree) async throws -> [String: [UInt8]] {
        let wanted = paths.compactMap { path in
            tree[path].flatMap { $0.isFile || $0.isLink ? (path: path, entry: $0) : nil }
        }
        guard !wanted.isEmpty else { return [:] }
        // The target of a link of less than 60 bytes is in the inode, where `cat` does not look.
        let commands = wanted.map { ($0.entry.isInlineLink ? "stat" : "cat") + " <\($0.entry.inode)>" }
        var rest = try await run(commands)[...]
        var contents: [String: [UInt8]] = [:]
        for (file, command) in zip(wanted, commands) {
            let header = Array("debugfs: \(command)\n".utf8)
            guard rest.starts(with: header) else {
                throw AuditError(.unreadable, "debugfs could not read '\(file.path)': is the disk whole?")
            }
            rest = rest.dropFirst(header.count)
            if file.entry.isInlineLink {
                let end = rest.firstRange(of: Array("debugfs: ".utf8))?.lowerBound ?? rest.endIndex
                contents[file.path] = Self.target(in: rest[..<end])
                rest = rest[end...]
            } else {
                contents[file.path] = Array(rest.prefix(Int(file.entry.size)))
                rest = rest.dropFirst(Int(file.entry.size))
            }
        }
        return contents
    }

    private static func target(in answer: ArraySlice<UInt8>) -> [UInt8] {
        let marker = Array("Fast link dest: \"".utf8)
        guard let start = answer.firstRange(of: marker)?.upperBound,
            let end = answer[start...].lastIndex(of: UInt8(ascii: "\""))
        else { return [] }
        return Array(answer[start..<end])
    }

    private func run(_ commands: [String]) async throws -> [UInt8] {
        // The image is named from its own directory: a `?` in the path would be read as the beginning of the options.
        let answer = try await LocalTool.run(
            debugfs, ["-f", "-", "\(name)?offset=\(offset)"], input: commands.joined(separator: "\n") + "\n",
            directory: directory)
        guard answer.status == 0 else {
            throw AuditError(.unreadable, "debugfs failed: \(answer.error.split(separator: "\n").last ?? "no reason")")
        }
        return answer.output
    }
}

extension DiskEntry {
    fileprivate var isInlineLink: Bool { isLink && size < 60 }
}
