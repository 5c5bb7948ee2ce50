internal import CArchive
internal import Glibc
public import SystemPackage

/// Small ISO 9660 images, such as the seed that cloud-init's NoCloud data source reads.
public enum ISOImage {
    /// Writes an image with these files in its root directory, readable by the owner only unless told otherwise.
    ///
    /// The names are kept as they are, `user-data` too: the image has Rock Ridge and Joliet extensions, of which Linux
    /// reads either. The bytes do not depend on the clock.
    /// - Parameters:
    ///   - files: The contents by file name.
    ///   - volume: The volume's label, which `blkid` and cloud-init look for: `cidata`.
    ///   - path: Where to write it. A file that is there is replaced.
    ///   - mode: The permission bits of the new file. The seed holds private keys, hence the default.
    /// - Throws: ``ArchiveError``; no file is left then.
    public static func write(
        files: [String: [UInt8]], volume: String, to path: FilePath, mode: FilePermissions = [.ownerReadWrite]
    ) throws {
        for name in files.keys where name.isEmpty || name.utf8.count > 64 || name.contains("/") {
            throw ArchiveError(.invalidEntry, "An ISO image's root directory cannot hold a file named “\(name)”.")
        }
        let file: FileDescriptor
        do {
            unsafe unlink(path.string)
            file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: mode)
        } catch {
            throw ArchiveError(.inputOutput, "\(path) cannot be created.", cause: error)
        }
        do {
            try file.closeAfter { try withUTF8Names { try write(files, volume: volume, to: file) } }
        } catch {
            unsafe unlink(path.string)
            throw error
        }
    }

    private static func write(_ files: [String: [UInt8]], volume: String, to file: FileDescriptor) throws {
        guard let archive = unsafe archive_write_new(), let entry = unsafe archive_entry_new() else {
            throw ArchiveError(.library, "libarchive has no memory for an image.")
        }
        defer {
            unsafe archive_entry_free(entry)
            unsafe archive_write_free(archive)
        }
        func check(_ status: Int32) throws {
            guard status == ARCHIVE_OK else {
                throw ArchiveError(.library, "An ISO image could not be written: \(unsafe message(of: archive)).")
            }
        }
        try check(unsafe archive_write_set_format_iso9660(archive))
        for (key, value) in [("volume-id", volume), ("rockridge", "useful"), ("joliet", "1")] {
            try check(unsafe archive_write_set_format_option(archive, "iso9660", key, value))
        }
        try check(unsafe archive_write_open_fd(archive, file.rawValue))
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            unsafe archive_entry_clear(entry)
            unsafe archive_entry_copy_pathname(entry, name)
            unsafe archive_entry_set_filetype(entry, FileType.regular)
            unsafe archive_entry_set_perm(entry, 0o600)
            unsafe archive_entry_set_mtime(entry, 0, 0)
            unsafe archive_entry_set_size(entry, Int64(bytes.count))
            try check(unsafe archive_write_header(archive, entry))
            let written = unsafe bytes.withUnsafeBytes { unsafe archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written == bytes.count else {
                throw ArchiveError(.library, "An ISO image could not be written: \(unsafe message(of: archive)).")
            }
        }
        try check(unsafe archive_write_close(archive))
    }
}
