/// A set of scalars, as ranges.
struct ScalarSet: Sendable, Hashable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    /// `.`: everything but a line feed.
    static let anyButLineFeed = ScalarSet(ranges: [0x0A...0x0A], isNegated: true)
    /// `\w`
    static let word = ScalarSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])

    /// One scalar.
    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    init(ranges: [ClosedRange<UInt32>] = [], isNegated: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isNegated
    }

    /// The same scalars without a negation.
    var flattened: ScalarSet {
        guard isNegated else { return self }
        var result = ScalarSet()
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { result.ranges.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        result.ranges.append(next...0x10FFFF)
        return result
    }

    /// `\d`, `\D`, `\s`, `\S`, `\w`, `\W`.
    static func perl(_ letter: Unicode.Scalar) -> ScalarSet? {
        switch letter {
        case "d", "D": ScalarSet(ranges: [0x30...0x39], isNegated: letter == "D")
        case "s", "S": ScalarSet(ranges: [0x09...0x0A, 0x0C...0x0D, 0x20...0x20], isNegated: letter == "S")
        case "w", "W": ScalarSet(ranges: word.ranges, isNegated: letter == "W")
        default: nil
        }
    }

    /// `[:alpha:]` and its like, in ASCII; `^` in front negates.
    static func posix(_ name: String) -> ScalarSet? {
        let ranges: [String: [ClosedRange<UInt32>]] = [
            "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A], "alpha": [0x41...0x5A, 0x61...0x7A],
            "ascii": [0x00...0x7F], "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0x00...0x1F, 0x7F...0x7F],
            "digit": [0x30...0x39], "graph": [0x21...0x7E], "lower": [0x61...0x7A], "print": [0x20...0x7E],
            "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E], "space": [0x09...0x0D, 0x20...0x20],
            "upper": [0x41...0x5A], "word": word.ranges, "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
        ]
        let isNegated = name.first == "^"
        return ranges[isNegated ? String(name.dropFirst()) : name].map { ScalarSet(ranges: $0, isNegated: isNegated) }
    }
}
