import Synchronization

/// Where a ``TarStream`` gets the members of its archive from, one after the other.
public protocol TarEntrySource: Sendable {
    /// The next member, or nil after the last one.
    mutating func next() throws -> TarEntry?
    /// The next bytes of the current member's content: at least one and at most `maximum`, empty when there are none.
    /// It is asked for no more bytes than the entry's size says.
    mutating func read(upTo maximum: Int) throws -> [UInt8]
}

/// A tar archive that is made while it is read: constant memory for any size.
///
/// The format is POSIX pax: plain ustar headers, with an extended header before a member whose name, size or time
/// does not fit. Equal entries give equal bytes: nothing of this machine, its users or its clock gets in.
public final class TarStream: Sendable {
    private struct State {
        var writer: TarWriter
        var source: any TarEntrySource
        var current: TarEntry?
        var remaining: Int64 = 0
        var finished = false
    }

    /// How many bytes are gathered at most before they are handed out.
    private static let gather = 256 * 1024

    private let state: Mutex<State>

    /// Makes the stream of the source's members.
    /// - Throws: ``ArchiveError`` when the archive library cannot be set up.
    public init(_ source: some TarEntrySource) throws {
        state = try Mutex(State(writer: TarWriter(), source: source))
    }

    /// The next bytes of the archive: at least one and at most `maximum`; empty at its end.
    ///
    /// It may be called from any thread, by one caller at a time.
    /// - Throws: What the source throws, and ``ArchiveError`` (`content-changed` when a file turns out shorter than its
    ///   entry says). The stream is unusable afterwards.
    public func read(upTo maximum: Int) throws -> [UInt8] {
        try state.withLock { state in
            let wanted = min(maximum, Self.gather)
            while state.writer.pendingCount < wanted, !state.finished {
                try Self.advance(&state, wanted: wanted)
            }
            return state.writer.take(upTo: maximum)
        }
    }

    private static func advance(_ state: inout State, wanted: Int) throws {
        guard state.remaining > 0 else {
            guard let entry = try state.source.next() else {
                try state.writer.finish()
                state.finished = true
                return
            }
            try state.writer.begin(entry)
            state.current = entry
            state.remaining = entry.contentSize
            return
        }
        let room = max(4096, wanted - state.writer.pendingCount)
        let bytes = try state.source.read(upTo: Int(min(state.remaining, Int64(room))))
        guard !bytes.isEmpty, bytes.count <= state.remaining else {
            let name = state.current?.path ?? ""
            throw ArchiveError(
                .contentChanged, "\(name) changed while it was read: \(state.remaining) bytes less than its size says.")
        }
        try state.writer.write(bytes)
        state.remaining -= Int64(bytes.count)
    }
}
