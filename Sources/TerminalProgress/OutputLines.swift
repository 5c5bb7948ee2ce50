/// Makes lines of text, safe to show, of the bytes that a guest wrote.
///
/// - Bytes may be cut anywhere. What is no UTF-8 becomes U+FFFD, a character that was cut does not.
/// - Control sequences (ECMA-48: CSI, OSC, DCS and the like) and control characters are dropped, tabs stay. Bidirectional
///   overrides are dropped too: they would make a line look like another one.
/// - A carriage return begins the line anew, as a terminal's would: only the text after the last one is left.
///   A backspace takes a character away.
/// - A line feed ends everything that is unfinished: what follows one does not depend on what was before it.
/// - Lines longer than ``longest`` bytes are cut into several, so that memory is bounded.
struct OutputLines: Sendable {
    /// The longest line, in bytes.
    static let longest = 8192

    private enum State {
        case text
        /// After ESC, and its intermediate bytes.
        case escape
        /// After ESC `[`: until a byte of 0x40–0x7E.
        case controlSequence
        /// After ESC `]`, `P`, `X`, `^`, `_`: until BEL or ESC `\`.
        case controlString
        /// An ESC within a control string.
        case controlStringEscape
    }

    private var state = State.text
    private var line: [UInt8] = []
    /// A carriage return came, and nothing after it yet.
    private var returned = false

    /// Takes bytes, and gives each line that they complete, without its end.
    mutating func append(_ bytes: ArraySlice<UInt8>, each emit: ([UInt8]) -> Void) {
        var index = bytes.startIndex
        let end = bytes.endIndex
        while index < end {
            if state == .text, !returned {
                // The fast path: a run of what is kept as it is.
                let start = index
                while index < end, bytes[index] >= 0x20, bytes[index] != 0x7F { index += 1 }
                if index > start { keep(bytes[start..<index], each: emit) }
                guard index < end else { return }
            }
            take(bytes[index], each: emit)
            index += 1
        }
    }

    /// Gives the unfinished line, if there is one, and forgets everything.
    mutating func flush(each emit: ([UInt8]) -> Void) {
        if !line.isEmpty { emit(OutputLines.safe(line)) }
        reset()
    }

    /// Begins anew, as after a line feed.
    mutating func reset() {
        state = .text
        returned = false
        line.removeAll(keepingCapacity: true)
    }

    /// The unfinished line as it would be shown now.
    var partial: [UInt8] { OutputLines.safe(line) }

    private mutating func keep(_ bytes: ArraySlice<UInt8>, each emit: ([UInt8]) -> Void) {
        var rest = bytes
        while line.count + rest.count > OutputLines.longest {
            let room = OutputLines.longest - line.count
            line.append(contentsOf: rest.prefix(room))
            rest = rest.dropFirst(room)
            let cut = UTF8Cut.incompleteSuffix(line[...])
            let head = Array(line.dropLast(cut))
            line.removeFirst(head.count)
            emit(OutputLines.safe(head))
        }
        line.append(contentsOf: rest)
    }

    private mutating func take(_ byte: UInt8, each emit: ([UInt8]) -> Void) {
        if byte == 0x0A {
            emit(OutputLines.safe(line))
            reset()
            return
        }
        switch state {
        case .text: takeText(byte, each: emit)
        case .escape:
            switch byte {
            case UInt8(ascii: "["): state = .controlSequence
            case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
                state = .controlString
            case 0x20...0x2F, 0x1B: break
            default: state = .text
            }
        case .controlSequence:
            if (0x40...0x7E).contains(byte) { state = .text } else if byte == 0x1B { state = .escape }
        case .controlString:
            if byte == 0x07 { state = .text } else if byte == 0x1B { state = .controlStringEscape }
        case .controlStringEscape:
            state = byte == UInt8(ascii: "\\") ? .text : byte == 0x1B ? .controlStringEscape : .controlString
        }
    }

    private mutating func takeText(_ byte: UInt8, each emit: ([UInt8]) -> Void) {
        switch byte {
        case 0x0D: returned = true
        case 0x1B: state = .escape
        case 0x08:
            if !returned { while let last = line.popLast(), last & 0xC0 == 0x80 {} }
        case 0x09, 0x20...0x7E, 0x80...0xFF:
            if returned {
                line.removeAll(keepingCapacity: true)
                returned = false
            }
            keep([byte], each: emit)
        default: break
        }
    }

    /// Valid UTF-8 without control characters. ASCII is that already.
    private static func safe(_ line: [UInt8]) -> [UInt8] {
        guard line.contains(where: { $0 >= 0x80 }) else { return line }
        var text = String(decoding: line, as: UTF8.self)
        text.unicodeScalars.removeAll { isUnwanted($0) }
        return Array(text.utf8)
    }

    /// Control characters (but the tab), line separators, and what changes the direction of the text around it.
    private static func isUnwanted(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x08, 0x0A...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension OutputLines {
    /// A text of ours that may hold a guest's words: its lines, safe to show.
    static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var parser = OutputLines()
        parser.append(Array(text.utf8)[...]) { lines.append(String(decoding: $0, as: UTF8.self)) }
        parser.flush { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    /// The same as one line.
    static func line(of text: String) -> String { lines(of: text).joined(separator: " ") }
}
