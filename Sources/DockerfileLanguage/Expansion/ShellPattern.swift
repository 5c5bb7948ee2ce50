/// The pattern of `${name#p}`, `${name%p}` and `${name/p/r}`: `*` and `?`, neither of which takes a line feed; there are
/// no brackets. `\*`, `\?`, `\\`, `\/` and `\}` are literal; other escapes are errors.
struct ShellPattern {
    typealias Scalars = ArraySlice<Unicode.Scalar>

    enum Token: Equatable {
        /// Exactly this scalar.
        case literal(Unicode.Scalar)
        /// One scalar.
        case anyOne
        /// Any number of scalars.
        case anyRun
    }

    /// The most comparisons that one match may cost.
    private static let maximumCost = 100_000_000

    private let tokens: [Token]
    private let longest: Bool

    /// Compiles a pattern that matches as much (`longest`) or as little as possible.
    init(_ text: [Unicode.Scalar], longest: Bool) throws(DockerfileError) {
        var tokens: [Token] = []
        var position = 0
        while position < text.count {
            let scalar = text[position]
            position += 1
            switch scalar {
            case "*":
                if tokens.last != .anyRun { tokens.append(.anyRun) }
            case "?": tokens.append(.anyOne)
            case "\\":
                guard position < text.count else { throw Self.invalidEscape(text, "\\ at the end") }
                let escaped = text[position]
                position += 1
                guard "*?\\/}".unicodeScalars.contains(escaped) else { throw Self.invalidEscape(text, "\\\(escaped)") }
                tokens.append(.literal(escaped))
            default: tokens.append(.literal(scalar))
            }
        }
        self.tokens = tokens
        self.longest = longest
    }

    private static func invalidEscape(_ pattern: [Unicode.Scalar], _ what: String) -> DockerfileError {
        DockerfileError(.expansion, "invalid escape '\(what)' in the pattern (\(String(pattern)))")
    }

    /// The value without the prefix that matches.
    func removingPrefix(of value: [Unicode.Scalar]) throws(DockerfileError) -> [Unicode.Scalar] {
        guard let match = try firstMatch(in: value, from: 0, anchored: true) else { return value }
        return Array(value[match.upperBound...])
    }

    /// The value without the suffix that matches: pattern and value reversed, and a prefix looked for.
    static func removingSuffix(
        _ text: [Unicode.Scalar], of value: [Unicode.Scalar], longest: Bool
    ) throws(DockerfileError) -> [Unicode.Scalar] {
        return try ShellPattern(Self.reversedKeepingEscapes(text), longest: longest)
            .removingPrefix(of: value.reversed()).reversed()
    }

    /// The pattern read backwards; an escape stays in front of what it escapes.
    private static func reversedKeepingEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var units: [Scalars] = []
        var position = 0
        while position < text.count {
            let length = text[position] == "\\" && position + 1 < text.count ? 2 : 1
            units.append(text[position..<(position + length)])
            position += length
        }
        return units.reversed().flatMap { $0 }
    }

    /// The first place where the pattern matches: leftmost, and there the longest or the shortest.
    ///
    /// All possible matches are followed at once, so that the time is the product of the two lengths at most.
    func firstMatch(
        in text: [Unicode.Scalar], from start: Int, anchored: Bool
    ) throws(DockerfileError) -> Range<Int>? {
        let (cost, overflow) = (text.count - start).multipliedReportingOverflow(by: tokens.count)
        guard !overflow, cost <= Self.maximumCost else {
            throw DockerfileError(.limit, "the pattern and the value are too long together")
        }
        // For each token, the smallest start of a match that has come so far; `tokens.count` is the end.
        var starts = [Int?](repeating: nil, count: tokens.count + 1)
        var best: Range<Int>?
        var position = start
        while true {
            if best == nil, !anchored || position == start { Self.keep(position, at: 0, in: &starts) }
            // A run may be empty.
            for index in tokens.indices where tokens[index] == .anyRun {
                if let from = starts[index] { Self.keep(from, at: index + 1, in: &starts) }
            }
            if let from = starts[tokens.count] {
                if best.map({ from < $0.lowerBound || from == $0.lowerBound && longest }) ?? true {
                    best = from..<position
                }
            }
            if let best { Self.drop(startingAfter: longest ? best.lowerBound : best.lowerBound - 1, in: &starts) }
            guard position < text.count else { return best }
            starts = step(starts, over: text[position])
            if best != nil || anchored, starts.allSatisfy({ $0 == nil }) { return best }
            position += 1
        }
    }

    private func step(_ starts: [Int?], over scalar: Unicode.Scalar) -> [Int?] {
        var moved = [Int?](repeating: nil, count: starts.count)
        for (index, token) in tokens.enumerated() {
            guard let from = starts[index] else { continue }
            switch token {
            case .literal(let literal):
                if literal == scalar { Self.keep(from, at: index + 1, in: &moved) }
            case .anyOne:
                if scalar != "\n" { Self.keep(from, at: index + 1, in: &moved) }
            case .anyRun:
                if scalar != "\n" { Self.keep(from, at: index, in: &moved) }
            }
        }
        return moved
    }

    private static func keep(_ from: Int, at index: Int, in starts: inout [Int?]) {
        if let other = starts[index], other <= from { return }
        starts[index] = from
    }

    private static func drop(startingAfter limit: Int, in starts: inout [Int?]) {
        for index in starts.indices {
            if let from = starts[index], from > limit { starts[index] = nil }
        }
    }
}

extension String {
    /// The text of these scalars.
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        self.init()
        unicodeScalars.append(contentsOf: scalars)
    }
}
