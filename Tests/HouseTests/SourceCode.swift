/// Swift text without what people say in it.
enum SourceCode {
    private enum State {
        case code
        case lineComment
        case blockComment(depth: Int)
        case string(end: [UInt8], escape: [UInt8])
    }

    /// The text without comments and without the contents of string literals; line feeds stay. Good enough for rules:
    /// of an interpolation, only what stands in quotes within it counts as code.
    static func withoutWords(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var state = State.code
        var code: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let rest = bytes[index...]
            var length = 1
            var isCode = false
            switch state {
            case .code:
                if rest.starts(with: "//".utf8) {
                    state = .lineComment
                } else if rest.starts(with: "/*".utf8) {
                    (state, length) = (.blockComment(depth: 1), 2)
                } else if let string = opening(rest) {
                    (state, length) = string
                } else {
                    isCode = true
                }
            case .lineComment:
                if bytes[index] == 0x0A { state = .code }
            case .blockComment(let depth):
                if rest.starts(with: "*/".utf8) {
                    (state, length) = (depth == 1 ? .code : .blockComment(depth: depth - 1), 2)
                } else if rest.starts(with: "/*".utf8) {
                    (state, length) = (.blockComment(depth: depth + 1), 2)
                }
            case .string(let end, let escape):
                if rest.starts(with: end) {
                    (state, length) = (.code, end.count)
                } else if rest.starts(with: escape) {
                    length = escape.count + 1
                } else if bytes[index] == 0x0A, !end.starts(with: "\"\"\"".utf8) {
                    // It was no string: a quotation mark in a regular expression.
                    state = .code
                }
            }
            code.append(contentsOf: rest.prefix(length).filter { isCode || $0 == 0x0A })
            index += length
        }
        return String(decoding: code, as: UTF8.self)
    }

    /// The string literal that begins here, and the length of its opening: `"`, `"""`, `#"` …
    private static func opening(_ bytes: ArraySlice<UInt8>) -> (State, Int)? {
        let hashes = bytes.prefix { $0 == UInt8(ascii: "#") }
        let rest = bytes.dropFirst(hashes.count)
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        let quotes = Array(rest.starts(with: "\"\"\"".utf8) ? "\"\"\"".utf8 : "\"".utf8)
        let escape = [UInt8(ascii: "\\")] + hashes
        return (.string(end: quotes + hashes, escape: escape), hashes.count + quotes.count)
    }
}

extension String {
    /// Whether a word stands in the text by itself, not within a longer one.
    func containsWord(_ word: String) -> Bool {
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let before = rest[..<range.lowerBound].last
            let after = rest[range.upperBound...].first
            if ![before, after].contains(where: { $0.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false }) {
                return true
            }
            rest = rest[range.upperBound...]
        }
        return false
    }
}
