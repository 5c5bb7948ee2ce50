/// Takes the guest's output log apart: what steps wrote, and the supervisor's records between.
///
/// A record is a line `RS replay:SECRET:TEXT`. Nobody but the supervisor and its client knows the secret, so nothing
/// that a step writes is taken for a record.
struct LogScanner {
    /// A piece of the log.
    enum Piece: Equatable {
        /// Bytes that a step wrote.
        case output(ArraySlice<UInt8>)
        /// The text of a record.
        case record(String)
    }

    private static let recordSeparator: UInt8 = 0x1E
    /// No record is longer; an id has at most 100 bytes.
    private static let longestRecord = 400

    private let prefix: [UInt8]
    private var held: [UInt8] = []
    /// Where in the log the next piece begins: all before it has been handed out.
    private(set) var position: UInt64

    init(secret: String, position: UInt64) {
        prefix = [Self.recordSeparator] + Array("replay:\(secret):".utf8)
        self.position = position
    }

    /// Takes the next bytes of the log and hands out what is certain; the beginning of what may be a record waits.
    mutating func feed(_ bytes: [UInt8], _ body: (Piece) -> Void) {
        let all = held.isEmpty ? bytes : held + bytes
        held = []
        var start = all.startIndex
        var search = start
        while let candidate = all[search...].firstIndex(of: Self.recordSeparator) {
            let available = min(prefix.count, all.endIndex - candidate)
            guard all[candidate..<candidate + available].elementsEqual(prefix[..<available]) else {
                search = candidate + 1
                continue
            }
            let newline = all[candidate...].prefix(Self.longestRecord).firstIndex(of: UInt8(ascii: "\n"))
            guard let newline else {
                if all.endIndex - candidate >= Self.longestRecord {
                    search = candidate + 1
                    continue
                }
                emit(all[start..<candidate], body)
                held = Array(all[candidate...])
                return
            }
            emit(all[start..<candidate], body)
            body(.record(String(decoding: all[candidate + prefix.count..<newline], as: UTF8.self)))
            position += UInt64(newline + 1 - candidate)
            start = newline + 1
            search = start
        }
        emit(all[start...], body)
    }

    private mutating func emit(_ bytes: ArraySlice<UInt8>, _ body: (Piece) -> Void) {
        guard !bytes.isEmpty else { return }
        body(.output(bytes))
        position += UInt64(bytes.count)
    }
}
