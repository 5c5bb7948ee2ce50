/// The bytes of a Dockerfile and where their lines are.
public struct SourceText: Sendable, Hashable {
    /// The bytes as they were read.
    public let bytes: [UInt8]
    /// Where each line begins; a byte-order mark belongs to no line.
    let lineStarts: [Int]

    /// Finds the lines of a text.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts: [Int] = []
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var atStart = true
        while position < bytes.count {
            if atStart { starts.append(position) }
            atStart = bytes[position] == Byte.newline
            position += 1
        }
        lineStarts = starts
    }

    /// How many lines there are. A last line without a line end counts.
    public var lineCount: Int { lineStarts.count }

    /// The text of a line, counted from 1, without its line end; nil where there is no such line.
    public func line(_ number: Int) -> String? {
        guard number >= 1, number <= lineCount else { return nil }
        return rawLine(number).trimmingLineEnd.text
    }

    /// A line, counted from 1, with its line end.
    func rawLine(_ number: Int) -> Bytes {
        let end = number < lineStarts.count ? lineStarts[number] : bytes.count
        return bytes[lineStarts[number - 1]..<end]
    }
}
