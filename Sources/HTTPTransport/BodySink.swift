internal import Glibc
internal import SystemPackage

/// Status and header fields of a response.
struct ResponseHead {
    var status = 0
    var headers: [HTTPHeader] = []

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

/// Takes the body of a response that is no error.
protocol BodySink: AnyObject {
    /// The head is complete; the body follows.
    func begin(_ head: ResponseHead) throws
    /// Some bytes of the body.
    func receive(_ bytes: UnsafeRawBufferPointer) throws
}

/// Keeps a body in memory.
final class MemoryBody: BodySink {
    private(set) var bytes: [UInt8] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func begin(_ head: ResponseHead) throws {
        bytes = []
        if let length = head.header("content-length").flatMap({ Int64($0) }), length > limit { throw tooLarge }
    }

    func receive(_ buffer: UnsafeRawBufferPointer) throws {
        guard bytes.count + buffer.count <= limit else { throw tooLarge }
        unsafe bytes.append(contentsOf: buffer)
    }

    private var tooLarge: HTTPError { HTTPError(.tooLarge, "is larger than \(limit) bytes.") }
}

/// Writes a body to a file, and goes on there after a broken transfer.
final class FileBody: BodySink {
    private let path: FilePath
    private let file: FileDescriptor
    private let limit: Int64
    private let progress: @Sendable (HTTPProgress) -> Void
    private var isOpen = true
    private var total: Int64?
    private var entityTag: String?
    private var lastReport = ContinuousClock.now - .seconds(1)
    /// How many bytes of the document are in the file.
    private(set) var offset: Int64 = 0

    init(path: FilePath, limit: Int64, progress: @escaping @Sendable (HTTPProgress) -> Void) throws {
        self.path = path
        self.limit = limit
        self.progress = progress
        do {
            file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw HTTPError(.inputOutput, "\(path) cannot be created.", cause: error)
        }
    }

    deinit { if isOpen { try? file.close() } }

    /// Asks for the rest, on condition that the document is the one that was begun (RFC 9110 section 13.1.5).
    var resumeHeaders: [HTTPHeader] {
        guard offset > 0 else { return [] }
        return [HTTPHeader("Range", "bytes=\(offset)-")] + (entityTag.map { [HTTPHeader("If-Range", $0)] } ?? [])
    }

    func begin(_ head: ResponseHead) throws {
        if head.status == 206 {
            // RFC 9110 section 14.4: `bytes FIRST-LAST/COMPLETE`.
            let range = head.header("content-range") ?? ""
            guard offset > 0, range.hasPrefix("bytes \(offset)-") else {
                throw HTTPError(.malformed, "answered with another part than was asked for (\(range)).")
            }
            total = range.split(separator: "/").last.flatMap { Int64($0) }
        } else {
            if offset > 0 { try restart() }
            total = head.header("content-length").flatMap { Int64($0) }
        }
        if let total, total > limit { throw tooLarge }
        // A weak tag cannot promise equal bytes.
        entityTag = head.header("etag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        guard offset + Int64(bytes.count) <= limit else { throw tooLarge }
        do { unsafe try file.writeAll(bytes) } catch {
            throw HTTPError(.inputOutput, "cannot be written to \(path).", cause: error)
        }
        offset += Int64(bytes.count)
        report(always: false)
    }

    /// Forgets what is in the file.
    func restart() throws {
        do {
            try file.resize(to: 0)
            try file.seek(offset: 0, from: .start)
        } catch {
            throw HTTPError(.inputOutput, "cannot be written to \(path).", cause: error)
        }
        offset = 0
        entityTag = nil
    }

    func close() throws {
        report(always: true)
        isOpen = false
        do { try file.close() } catch {
            throw HTTPError(.inputOutput, "\(path) cannot be written.", cause: error)
        }
    }

    func discard() {
        if isOpen { try? file.close() }
        isOpen = false
        unsafe _ = unlink(path.string)
    }

    private var tooLarge: HTTPError { HTTPError(.tooLarge, "is larger than \(limit) bytes.") }

    private func report(always: Bool) {
        let now = ContinuousClock.now
        guard always || now - lastReport >= .milliseconds(100) else { return }
        lastReport = now
        progress(HTTPProgress(received: offset, total: total))
    }
}
