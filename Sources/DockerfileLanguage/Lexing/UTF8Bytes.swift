/// UTF-8 bytes, looked at as Go's `strings` and `unicode` packages do: BuildKit's rules are written in their terms.
/// The lexers work on bytes because nearly everything that they look for is ASCII, and a `Character` is slow.
typealias Bytes = ArraySlice<UInt8>

extension Collection where Element == UInt8, Index == Int {
    /// The scalar at an index and its length in bytes; invalid UTF-8 is U+FFFD of one byte.
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = self[index]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, index + length <= endIndex else { return ("\u{FFFD}", 1) }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = self[index + offset]
            guard byte & 0xC0 == 0x80 else { return ("\u{FFFD}", 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard value >= smallest, let scalar = Unicode.Scalar(value) else { return ("\u{FFFD}", 1) }
        return (scalar, length)
    }

    /// The length in bytes of the Unicode space at an index, or 0 when there is none.
    func spaceLength(at index: Int) -> Int {
        let first = self[index]
        if first < 0x80 { return first == 0x20 || (first >= 0x09 && first <= 0x0D) ? 1 : 0 }
        let (scalar, length) = scalar(at: index)
        return scalar.isGoSpace ? length : 0
    }
}

extension Unicode.Scalar {
    /// Go's `unicode.IsSpace`: the property White_Space.
    var isGoSpace: Bool { properties.isWhitespace }

    /// Go's `unicode.IsLetter`: category L.
    var isGoLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// Go's `unicode.IsDigit`: category Nd.
    var isGoDigit: Bool { properties.generalCategory == .decimalNumber }
}

extension Bytes {
    /// The text; invalid UTF-8 becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// Without Unicode spaces at the start.
    var trimmingLeadingSpace: Bytes {
        var start = startIndex
        while start < endIndex {
            let length = spaceLength(at: start)
            if length == 0 { break }
            start += length
        }
        return self[start...]
    }

    /// Without Unicode spaces at the end.
    var trimmingTrailingSpace: Bytes {
        var end = endIndex
        while end > startIndex {
            let last = self[end - 1]
            if last < 0x80 {
                guard spaceLength(at: end - 1) == 1 else { break }
                end -= 1
                continue
            }
            // A space beyond ASCII has two or three bytes.
            guard let length = (2...3).first(where: { end - $0 >= startIndex && spaceLength(at: end - $0) == $0 })
            else { break }
            end -= length
        }
        return self[..<end]
    }

    /// Without Unicode spaces at both ends.
    var trimmed: Bytes { trimmingLeadingSpace.trimmingTrailingSpace }

    /// Without CR and LF at the end.
    var trimmingLineEnd: Bytes {
        var end = endIndex
        while end > startIndex, self[end - 1] == Byte.newline || self[end - 1] == Byte.carriageReturn { end -= 1 }
        return self[..<end]
    }

    /// Without tabs at the start.
    var trimmingLeadingTabs: Bytes { drop { $0 == Byte.tab } }
}

extension String {
    /// Without Unicode spaces at both ends.
    var trimmed: String { Array(utf8)[...].trimmed.text }

    /// ASCII upper case, which is all that instruction names and keywords need.
    var asciiUppercased: String {
        String(decoding: utf8.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 0x20 : $0 }, as: UTF8.self)
    }

    /// The parts before and after the first `=`; `value` is nil when there is none.
    var splitAtEquals: (name: String, value: String?) {
        guard let index = utf8.firstIndex(of: Byte.equals) else { return (self, nil) }
        return (String(self[..<index]), String(self[utf8.index(after: index)...]))
    }
}
