/// Reads the expressions of ``PathExpression`` as RE2 would.
struct PathExpressionParser {
    private let source: [Unicode.Scalar]
    private var position = 0

    init(_ source: [Unicode.Scalar]) { self.source = source }

    private var peek: Unicode.Scalar? { position < source.count ? source[position] : nil }

    mutating func parse() throws(DockerfileError) -> [PathExpression.Step] {
        var steps: [PathExpression.Step] = []
        while let scalar = peek {
            position += 1
            switch scalar {
            case "^": steps.append(.start)
            case "$": steps.append(.end)
            case "(" where source[position...].starts(with: ".*/)?".unicodeScalars):
                position += 5
                steps.append(.directories)
            case ".": steps.append(.one(.anyButLineFeed))
            case "[": steps.append(.one(try characterClass()))
            case "\\":
                if let assertion = takeAssertion() {
                    steps.append(assertion)
                } else {
                    steps.append(.one(try escape()))
                }
            default: steps.append(.one(ScalarSet(ranges: [scalar.value...scalar.value])))
            }
            if peek == "*", case .one(let set)? = steps.last {
                position += 1
                steps[steps.count - 1] = .run(set)
            }
        }
        return steps
    }

    /// `\A` and `\z`.
    private mutating func takeAssertion() -> PathExpression.Step? {
        switch peek {
        case "A"?:
            position += 1
            return .start
        case "z"?:
            position += 1
            return .end
        default: return nil
        }
    }

    /// What stands after a backslash: RE2's classes and control characters, and any punctuation as itself.
    private mutating func escape() throws(DockerfileError) -> ScalarSet {
        guard let scalar = peek else { throw DockerfileError(.pattern, "\\ at the end") }
        position += 1
        if let (ranges, isNegated) = Self.perlClass(scalar) {
            var set = ScalarSet()
            if isNegated { set.insertAllBut(ranges) } else { set.ranges = ranges }
            return set
        }
        let controls: [Unicode.Scalar: UInt32] = ["a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11]
        let value = controls[scalar] ?? scalar.value
        let isWord = scalar.properties.isAlphabetic || scalar.isGoDigit
        guard controls[scalar] != nil || !isWord && scalar.value < 0x80 else {
            throw DockerfileError(.pattern, "\\\(scalar) means nothing")
        }
        return ScalarSet(ranges: [value...value])
    }

    private static func perlClass(
        _ scalar: Unicode.Scalar
    ) -> (ranges: [ClosedRange<UInt32>], isNegated: Bool)? {
        switch scalar {
        case "d", "D": ([0x30...0x39], scalar == "D")
        case "s", "S": ([0x09...0x0A, 0x0C...0x0D, 0x20...0x20], scalar == "S")
        case "w", "W": ([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A], scalar == "W")
        default: nil
        }
    }

    /// `[…]`, its `[` taken: a `]` in the first place is a member.
    private mutating func characterClass() throws(DockerfileError) -> ScalarSet {
        var set = ScalarSet()
        if peek == "^" {
            set.isNegated = true
            position += 1
        }
        var isFirst = true
        while let scalar = peek {
            if scalar == "]", !isFirst {
                position += 1
                return set
            }
            isFirst = false
            let low = try member()
            guard low.count == 1, let first = low.first, first.count == 1, peek == "-", position + 1 < source.count,
                source[position + 1] != "]"
            else {
                set.ranges += low
                continue
            }
            position += 1
            let high = try member()
            guard high.count == 1, let last = high.first, last.count == 1, first.lowerBound <= last.lowerBound else {
                throw DockerfileError(.pattern, "a range in [] is backwards")
            }
            set.ranges.append(first.lowerBound...last.lowerBound)
        }
        throw DockerfileError(.pattern, "[ is not closed")
    }

    private mutating func member() throws(DockerfileError) -> [ClosedRange<UInt32>] {
        guard let scalar = peek else { throw DockerfileError(.pattern, "[ is not closed") }
        position += 1
        guard scalar == "\\" else { return [scalar.value...scalar.value] }
        return try escape().ranges
    }
}
