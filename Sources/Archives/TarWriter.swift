internal import CArchive

/// Writes tar members into memory, from where the caller takes them: ``TarStream`` is what modules use.
@safe final class TarWriter: @unchecked Sendable {
    // `@unchecked`: an archive handle may move between threads but serves one at a time, and ``TarStream`` keeps this
    // object behind a lock.
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let sink = ByteSink()

    init() throws {
        guard let archive = unsafe archive_write_new() else {
            throw ArchiveError(.library, "libarchive has no memory for an archive.")
        }
        guard let entry = unsafe archive_entry_new() else {
            unsafe archive_write_free(archive)
            throw ArchiveError(.library, "libarchive has no memory for an entry.")
        }
        unsafe self.archive = archive
        unsafe self.entry = entry
        try check(unsafe archive_write_set_format_pax(archive))
        // One write, one callback: nothing is held back for a tape's block size, and the end is two zero blocks.
        try check(unsafe archive_write_set_bytes_per_block(archive, 0))
        try check(unsafe archive_write_set_bytes_in_last_block(archive, 1))
        try check(
            unsafe archive_write_open2(
                archive, Unmanaged.passUnretained(sink).toOpaque(), nil,
                { _, context, buffer, length in
                    guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
                    let sink = unsafe Unmanaged<ByteSink>.fromOpaque(context).takeUnretainedValue()
                    unsafe sink.append(UnsafeRawBufferPointer(start: buffer, count: length))
                    return length
                }, nil, nil))
    }

    deinit {
        unsafe archive_entry_free(entry)
        // A half-written archive must not be completed by the library's close.
        unsafe archive_write_fail(archive)
        unsafe archive_write_free(archive)
    }

    /// The number of bytes written and not taken.
    var pendingCount: Int { sink.count }

    /// Hands out bytes that were written.
    func take(upTo maximum: Int) -> [UInt8] { sink.take(upTo: maximum) }

    /// Begins a member; the one before it must be complete.
    func begin(_ member: TarEntry) throws {
        guard !member.path.isEmpty, !member.path.utf8.contains(0), member.contentSize >= 0 else {
            throw ArchiveError(.invalidEntry, "A tar archive cannot hold a member named “\(member.path)”.")
        }
        unsafe archive_entry_clear(entry)
        unsafe archive_entry_copy_pathname(entry, member.path)
        unsafe archive_entry_set_perm(entry, mode_t(member.mode & 0o7777))
        unsafe archive_entry_set_uid(entry, Int64(member.userID))
        unsafe archive_entry_set_gid(entry, Int64(member.groupID))
        let (seconds, nanoseconds) = Self.split(member.modified)
        unsafe archive_entry_set_mtime(entry, seconds, nanoseconds)
        unsafe archive_entry_set_size(entry, member.contentSize)
        switch member.kind {
        case .file:
            unsafe archive_entry_set_filetype(entry, FileType.regular)
        case .directory:
            unsafe archive_entry_set_filetype(entry, FileType.directory)
        case .symbolicLink(let target):
            unsafe archive_entry_set_filetype(entry, FileType.symbolicLink)
            unsafe archive_entry_copy_symlink(entry, target)
        case .hardLink(let target):
            unsafe archive_entry_set_filetype(entry, FileType.regular)
            unsafe archive_entry_copy_hardlink(entry, target)
        case .special:
            throw ArchiveError(.invalidEntry, "\(member.path) is a socket, pipe or device, which is not archived.")
        }
        try check(withUTF8Names { unsafe archive_write_header(archive, entry) }, about: member.path)
    }

    /// Appends content to the member that was begun last.
    func write(_ bytes: [UInt8]) throws {
        let written = unsafe bytes.withUnsafeBytes { unsafe archive_write_data(archive, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            throw ArchiveError(.library, "An archive could not be written: \(unsafe message(of: archive)).")
        }
    }

    /// Writes the end of the archive.
    func finish() throws {
        try check(unsafe archive_write_close(archive))
    }

    private static func split(_ nanoseconds: Int64) -> (Int, Int) {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? (Int(seconds) - 1, Int(rest) + 1_000_000_000) : (Int(seconds), Int(rest))
    }

    private func check(_ status: Int32, about name: String? = nil) throws {
        guard status != ARCHIVE_OK else { return }
        let place = name.map { "\($0) cannot be archived" } ?? "An archive could not be written"
        throw ArchiveError(name == nil ? .library : .invalidEntry, "\(place): \(unsafe message(of: archive)).")
    }
}

/// Bytes between the library's callback and whoever takes them.
final class ByteSink {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    func append(_ buffer: UnsafeRawBufferPointer) {
        unsafe bytes.append(contentsOf: buffer)
    }

    func take(upTo maximum: Int) -> [UInt8] {
        if start == 0, bytes.count <= maximum {
            defer { bytes = [] }
            return bytes
        }
        let end = min(start + maximum, bytes.count)
        let taken = Array(bytes[start..<end])
        start = end
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        }
        return taken
    }
}

/// File types as `archive_entry_set_filetype` takes them: its macros hold a cast, which Swift does not import.
enum FileType {
    static let regular: UInt32 = 0o100000
    static let directory: UInt32 = 0o040000
    static let symbolicLink: UInt32 = 0o120000
}

/// What the library says about its last failure.
func message(of archive: OpaquePointer) -> String {
    guard let text = unsafe archive_error_string(archive) else { return "no reason given" }
    return unsafe String(cString: text)
}
