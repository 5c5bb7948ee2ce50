/// Reads JSON tokens from bytes, as strictly as Go's encoding/json: no comments, no trailing commas, no control
/// characters in strings; invalid UTF-8 and lone surrogates become U+FFFD.
struct JSONReader {
    private let text: Bytes
    /// Where the next byte is.
    var position: Int

    init(_ text: Bytes) {
        self.text = text
        position = text.startIndex
    }

    /// The next byte, or nil at the end.
    var peek: UInt8? { position < text.endIndex ? text[position] : nil }

    /// Takes this byte if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    /// Skips what JSON calls space.
    mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    /// Takes a string with its quotes; nil when it is not valid.
    mutating func string() -> String? {
        guard take(Byte.doubleQuote) else { return nil }
        var result: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case Byte.doubleQuote:
                return String(decoding: result, as: UTF8.self)
            case Byte.backslash:
                guard appendEscape(to: &result) else { return nil }
            case 0..<0x20:
                return nil
            default:
                result.append(byte)
            }
        }
        return nil
    }

    private mutating func appendEscape(to result: inout [UInt8]) -> Bool {
        guard let escaped = peek else { return false }
        position += 1
        switch escaped {
        case Byte.doubleQuote, Byte.backslash, Byte.slash: result.append(escaped)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            guard let unit = hexUnit() else { return false }
            result += Array(String(codePoint(startingWith: unit)).utf8)
        default: return false
        }
        return true
    }

    /// The scalar that a `\u` unit begins; a surrogate that has no partner is U+FFFD.
    private mutating func codePoint(startingWith unit: UInt32) -> Unicode.Scalar {
        if unit >= 0xD800, unit < 0xDC00 {
            let start = position
            if take(Byte.backslash), take(UInt8(ascii: "u")), let low = hexUnit(), low >= 0xDC00, low < 0xE000 {
                return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
            }
            position = start
        }
        return Unicode.Scalar(unit) ?? "\u{FFFD}"
    }

    private mutating func hexUnit() -> UInt32? {
        guard position + 4 <= text.endIndex else { return nil }
        var value: UInt32 = 0
        for byte in text[position..<(position + 4)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        position += 4
        return value
    }

    /// Skips one value of any kind; false when it is not valid. It keeps its own stack: the nesting is the input's.
    mutating func skipValue(depth: Int) -> Bool {
        var closers: [UInt8] = []
        while true {
            skipSpace()
            guard let byte = peek else { return false }
            var opened = false
            switch byte {
            case Byte.openBracket, Byte.openBrace:
                guard closers.count < depth else { return false }
                position += 1
                closers.append(byte == Byte.openBracket ? Byte.closeBracket : Byte.closeBrace)
                opened = true
            case Byte.doubleQuote:
                guard string() != nil else { return false }
            default:
                guard skipNumberOrName() else { return false }
            }
            // After a value: close what ends here, then go on after a comma.
            while let closer = closers.last {
                skipSpace()
                if take(closer) {
                    closers.removeLast()
                    opened = false
                    continue
                }
                if !opened {
                    guard take(Byte.comma) else { return false }
                }
                if closer == Byte.closeBrace {
                    guard skipKey() else { return false }
                }
                break
            }
            if closers.isEmpty { return true }
        }
    }

    private mutating func skipKey() -> Bool {
        skipSpace()
        guard string() != nil else { return false }
        skipSpace()
        return take(Byte.colon)
    }

    private mutating func skipNumberOrName() -> Bool {
        for name in ["true", "false", "null"] where text[position...].starts(with: name.utf8) {
            position += name.utf8.count
            return true
        }
        let start = position
        _ = take(Byte.dash)
        if !take(UInt8(ascii: "0")) {
            guard skipDigits() else { return false }
        }
        if take(UInt8(ascii: ".")) {
            guard skipDigits() else { return false }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(Byte.plus) { _ = take(Byte.dash) }
            guard skipDigits() else { return false }
        }
        // Go refuses a number that no Float64 holds; to BuildKit the text is then no JSON.
        return Double(text[start..<position].text)?.isFinite ?? false
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while let byte = peek, byte.isASCIIDigit { position += 1 }
        return position > start
    }
}
