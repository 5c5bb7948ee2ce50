/// The root file system of a disk that another machine has mounted, read-only: for what this machine cannot read itself.
///
/// The kernel of that machine decides which file systems there are: Debian's knows ext4, XFS, Btrfs and F2FS. File systems on
/// LVM or with encryption are not found.
public struct MountedDisk: DiskReader {
    /// Runs a program of `/bin/sh` on the machine as root, with this standard input, and gives what it has written to its
    /// standard output. It throws when the program fails.
    public typealias Run = @Sendable (_ script: String, _ input: [UInt8]) async throws -> [UInt8]

    /// How it is read.
    public let method: String
    private let run: Run

    /// Mounts the disk's root file system: the first one with an `/etc/passwd`.
    /// - Parameters:
    ///   - device: The disk's name on the machine.
    ///   - run: Runs programs there.
    /// - Throws: ``AuditError``: `.unknownFileSystem` when there is none; and what `run` throws.
    public static func mount(_ device: String, run: @escaping Run) async throws -> MountedDisk {
        let answer = String(decoding: try await run("device=\(device)\n" + mountScript, []), as: UTF8.self)
        let type = answer.split(separator: "\n").last.map(String.init) ?? ""
        guard !type.isEmpty else {
            throw AuditError(
                .unknownFileSystem,
                "The disk has no root file system that a Debian kernel mounts: it cannot be audited. Is it on LVM or encrypted?"
            )
        }
        return MountedDisk(method: "\(type), mounted by another machine", run: run)
    }

    /// The journal is not replayed: nothing may be written. Copies of one image have one UUID, which XFS minds. The `root` and
    /// `@` are the subvolumes that Fedora and openSUSE keep their systems in.
    private static let mountScript = """
        udevadm settle
        mkdir -p \(mountPoint)
        lsblk -nrpo NAME "$(readlink -f "$device")" | while read -r part; do
            type=$(blkid -o value -s TYPE -- "$part") || continue
            case $type in
            xfs) options=ro,norecovery,nouuid ;;
            ext[234]) options=ro,noload ;;
            *) options=ro ;;
            esac
            mount -t "$type" -o "$options" -- "$part" \(mountPoint) 2>/dev/null || continue
            for root in . root @; do
                [ -f "\(mountPoint)/$root/etc/passwd" ] || continue
                ln -s "\(mountPoint)/$root" \(rootLink)
                printf '%s\\n' "$type"
                exit 0
            done
            umount \(mountPoint)
        done
        """
    private static let mountPoint = "/run/replay-audit"
    private static let rootLink = "/run/replay-audit-root"

    /// All files: one line of find(1) each, ended by a zero byte, which no name has.
    public func tree() async throws -> DiskTree {
        let lines = try await run("cd \(Self.rootLink)/. && find . -mindepth 1 -printf '%y %m %U %s %P\\0'", [])
        var tree = DiskTree()
        for line in lines.split(separator: 0) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 4, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 5, let bits = UInt32(fields[1], radix: 8), let owner = UInt32(fields[2]),
                let size = UInt64(fields[3])
            else { throw AuditError(.unreadable, "The disk's files could not be listed.") }
            let type = Self.types[fields[0]] ?? 0
            let end = fields[4].utf8.lastIndex(of: UInt8(ascii: "/"))
            let name = end.map { fields[4][fields[4].utf8.index(after: $0)...] } ?? fields[4][...]
            tree.add(
                String(name), in: end.map { "/" + fields[4][..<$0] } ?? "",
                DiskEntry(inode: 0, mode: type | bits, owner: owner, size: type == Self.directory ? 0 : size))
        }
        return tree
    }

    /// find's letters for the types of inode(7).
    private static let types: [String: UInt32] = [
        "f": 0o100000, "d": directory, "l": 0o120000, "p": 0o010000, "s": 0o140000, "b": 0o060000, "c": 0o020000,
    ]
    private static let directory: UInt32 = 0o040000

    /// The bytes of files: one after the other, each as long as its inode says.
    public func contents(of paths: [String], in tree: DiskTree) async throws -> [String: [UInt8]] {
        let wanted = paths.compactMap { path in
            tree[path].flatMap { $0.isFile || $0.isLink ? (path: path, size: Int($0.size)) : nil }
        }
        guard !wanted.isEmpty else { return [:] }
        let script = """
            cd \(Self.rootLink)/. && xargs -0 sh -euc '
            for file; do if [ -L ".$file" ]; then readlink -n -- ".$file"; else cat -- ".$file"; fi; done' sh
            """
        var rest = try await run(script, Array(wanted.map { $0.path + "\0" }.joined().utf8))[...]
        guard rest.count == wanted.reduce(0, { $0 + $1.size }) else {
            throw AuditError(.unreadable, "The files of the disk are not as long as their inodes say.")
        }
        var contents: [String: [UInt8]] = [:]
        for file in wanted {
            contents[file.path] = Array(rest.prefix(file.size))
            rest = rest.dropFirst(file.size)
        }
        return contents
    }
}
