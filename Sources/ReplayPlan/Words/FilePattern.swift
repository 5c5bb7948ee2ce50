/// A shell pattern by the rules of Go's `filepath.Match`: `*` and `?` never match a slash, `[a-z]` and `[^a-z]` match
/// one character, `\` takes the next one as it is. The pattern must match the whole name.
struct FilePattern: Sendable {
    private enum Piece {
        case star
        case one
        case character(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    private let pieces: [Piece]

    /// Reads a pattern; nil when it is malformed, which in COPY makes it match nothing.
    init?(_ text: String) {
        var pieces: [Piece] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": pieces.append(.star)
            case "?": pieces.append(.one)
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                pieces.append(.character(next))
            case "[":
                guard let set = Self.set(&rest) else { return nil }
                pieces.append(set)
            default: pieces.append(.character(scalar))
            }
        }
        self.pieces = pieces
    }

    /// Whether a text has wildcards, as BuildKit looks for them.
    static func hasWildcards(_ text: some StringProtocol) -> Bool {
        var escaped = false
        for byte in text.utf8 {
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else if byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[") {
                return true
            }
        }
        return false
    }

    /// Whether the pattern matches the whole name.
    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var piece = 0
        var position = 0
        // Where to go on when a literal fails: one character further under the last star.
        var retry: (piece: Int, position: Int)?
        while position < scalars.count || piece < pieces.count {
            if piece < pieces.count {
                if case .star = pieces[piece] {
                    retry = (piece, position)
                    piece += 1
                    continue
                }
                if position < scalars.count, Self.matches(pieces[piece], scalars[position]) {
                    piece += 1
                    position += 1
                    continue
                }
            }
            guard let last = retry, last.position < scalars.count, scalars[last.position] != "/" else { return false }
            piece = last.piece + 1
            position = last.position + 1
            retry = (last.piece, last.position + 1)
        }
        return true
    }

    private static func matches(_ piece: Piece, _ scalar: Unicode.Scalar) -> Bool {
        switch piece {
        case .star: false
        case .one: scalar != "/"
        case .character(let wanted): scalar == wanted
        case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
        }
    }

    /// Reads a set after its `[`. A `]` right after the opening is an error, as in Go.
    private static func set(_ rest: inout Substring.UnicodeScalarView) -> Piece? {
        var negated = false
        if rest.first == "^" {
            negated = true
            rest.removeFirst()
        }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while true {
            if rest.first == "]", !ranges.isEmpty {
                rest.removeFirst()
                return .set(ranges, negated: negated)
            }
            guard let low = member(&rest) else { return nil }
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                guard let end = member(&rest) else { return nil }
                high = end
            }
            // A range that runs backwards matches nothing.
            if low <= high { ranges.append(low...high) } else { ranges.append("\0"..."\0") }
        }
    }

    private static func member(_ rest: inout Substring.UnicodeScalarView) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst(), scalar != "-", scalar != "]" else { return nil }
        return scalar == "\\" ? rest.popFirst() : scalar
    }
}
