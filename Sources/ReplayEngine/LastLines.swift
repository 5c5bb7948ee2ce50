/// The last lines of a stream of bytes, for error messages: bounded, whatever is written.
struct LastLines {
    private static let count = 20
    private static let longestLine = 500

    private var lines: [[UInt8]] = []
    private var open: [UInt8] = []

    /// Takes the next bytes.
    mutating func append(_ bytes: [UInt8]) {
        // What is before the last lines of a large piece need not be looked at.
        for byte in bytes.suffix(Self.count * Self.longestLine) {
            if byte == UInt8(ascii: "\n") {
                lines.append(open)
                open = []
                if lines.count > 2 * Self.count { lines.removeFirst(lines.count - Self.count) }
            } else if open.count < Self.longestLine {
                open.append(byte)
            }
        }
    }

    /// The lines as text that cannot drive a terminal.
    var text: [String] {
        (lines + (open.isEmpty ? [] : [open])).suffix(Self.count).map { line in
            // A program that redraws its line leaves its last state.
            let shown = line.split(separator: UInt8(ascii: "\r")).last ?? []
            return String(
                String(decoding: shown, as: UTF8.self).unicodeScalars.map { scalar in
                    scalar == "\t"
                        || scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80..<0xA0).contains(scalar.value)
                        ? Character(scalar) : "\u{FFFD}"
                })
        }
    }
}
