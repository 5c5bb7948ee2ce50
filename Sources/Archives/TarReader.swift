internal import CArchive
public import SystemPackage

/// Reads a tar archive, plain or compressed with gzip, bzip2, xz or zstd: what BuildKit's ADD unpacks.
///
/// It serves one caller at a time.
@safe public final class TarReader {
    private let archive: OpaquePointer

    /// Opens the archive in a file. The content is looked at, not the name.
    /// - Throws: ``ArchiveError``: `input-output` when there is no such file.
    public init(file: FilePath) throws {
        guard let archive = unsafe archive_read_new() else {
            throw ArchiveError(.library, "libarchive has no memory for an archive.")
        }
        unsafe self.archive = archive
        unsafe Self.support(archive)
        guard unsafe archive_read_open_filename(archive, file.string, 64 * 1024) == ARCHIVE_OK else {
            throw ArchiveError(.inputOutput, "\(file) cannot be read as an archive: \(unsafe message(of: archive)).")
        }
    }

    deinit { unsafe archive_read_free(archive) }

    /// Whether a file begins as an archive that ADD unpacks: its first member's header can be read. A file that
    /// cannot be read, and an archive without members, is none.
    public static func isArchive(file: FilePath) -> Bool {
        guard let reader = try? TarReader(file: file), let first = try? reader.next() else { return false }
        return !first.path.isEmpty
    }

    /// The next member, or nil after the last one. Content of the member before it that was not read is skipped.
    /// - Throws: ``ArchiveError``: `malformed` for what is no archive, or a broken one.
    public func next() throws -> TarEntry? {
        try withUTF8Names { try readHeader() }
    }

    private func readHeader() throws -> TarEntry? {
        var entry: OpaquePointer?
        let status = unsafe archive_read_next_header(archive, &entry)
        switch status {
        case ARCHIVE_OK, ARCHIVE_WARN:
            guard let entry = unsafe entry else { return nil }
            return unsafe Self.member(entry)
        case ARCHIVE_EOF:
            return nil
        default:
            throw ArchiveError(.malformed, "The archive cannot be read: \(unsafe message(of: archive)).")
        }
    }

    /// The next bytes of the current member's content, at most `maximum`; empty at its end.
    public func read(upTo maximum: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: maximum) { space, count in
            let got = unsafe archive_read_data(archive, space.baseAddress, maximum)
            guard got >= 0 else {
                throw ArchiveError(.malformed, "The archive is broken: \(unsafe message(of: archive)).")
            }
            count = got
        }
    }

    private static func support(_ archive: OpaquePointer) {
        unsafe archive_read_support_filter_gzip(archive)
        unsafe archive_read_support_filter_bzip2(archive)
        unsafe archive_read_support_filter_xz(archive)
        unsafe archive_read_support_filter_zstd(archive)
        unsafe archive_read_support_format_tar(archive)
    }

    private static func member(_ entry: OpaquePointer) -> TarEntry {
        let kind: TarEntry.Kind
        if let target = unsafe archive_entry_hardlink(entry) {
            kind = unsafe .hardLink(target: String(cString: target))
        } else {
            switch unsafe archive_entry_filetype(entry) {
            case FileType.regular: kind = unsafe .file(size: archive_entry_size(entry))
            case FileType.directory: kind = .directory
            case FileType.symbolicLink:
                kind = unsafe .symbolicLink(
                    target: archive_entry_symlink(entry).map { unsafe String(cString: $0) } ?? "")
            default: kind = .special
            }
        }
        let seconds = unsafe Int64(archive_entry_mtime(entry))
        return unsafe TarEntry(
            path: archive_entry_pathname(entry).map { unsafe String(cString: $0) } ?? "", kind: kind,
            mode: UInt16(archive_entry_perm(entry) & 0o7777),
            userID: UInt32(truncatingIfNeeded: archive_entry_uid(entry)),
            groupID: UInt32(truncatingIfNeeded: archive_entry_gid(entry)),
            modified: seconds &* 1_000_000_000 &+ Int64(archive_entry_mtime_nsec(entry)))
    }
}
