/// A regular expression of the few forms that path patterns are translated into: scalars, escapes, `.`, `[…]`, `*` and
/// `(.*/)?`, `^` and `$`. All possibilities are followed at once: the time is linear in the path.
struct PathExpression: Sendable {
    /// One step of the program.
    enum Step: Sendable, Hashable {
        /// A scalar of this set.
        case one(ScalarSet)
        /// Any number of scalars of this set.
        case run(ScalarSet)
        /// `(.*/)?`: nothing, or any text up to a `/`.
        case directories
        /// `^`
        case start
        /// `$`
        case end
    }

    private let steps: [Step]

    /// Compiles an expression.
    init(_ source: [Unicode.Scalar]) throws(DockerfileError) {
        var parser = PathExpressionParser(source)
        steps = try parser.parse()
    }

    /// Whether the expression matches this path; it is anchored by its own `^` and `$`.
    func matches(_ path: ArraySlice<Unicode.Scalar>) -> Bool {
        // For each step whether a match may go on there; those inside of a `directories` are kept apart.
        var active = [Bool](repeating: false, count: steps.count + 1)
        var inside = active
        active[0] = true
        var position = path.startIndex
        while true {
            for (index, step) in steps.enumerated() where active[index] {
                switch step {
                case .start: if position == path.startIndex { active[index + 1] = true }
                case .end: if position == path.endIndex { active[index + 1] = true }
                case .run: active[index + 1] = true
                case .directories:
                    active[index + 1] = true
                    inside[index] = true
                case .one: break
                }
            }
            guard position < path.endIndex else { return active[steps.count] }
            let scalar = path[position]
            var next = [Bool](repeating: false, count: steps.count + 1)
            var nextInside = next
            var isAlive = false
            for (index, step) in steps.enumerated() {
                if active[index] {
                    switch step {
                    case .one(let set) where set.contains(scalar): next[index + 1] = true
                    case .run(let set) where set.contains(scalar): next[index] = true
                    default: break
                    }
                }
                if inside[index] {
                    if scalar != "\n" { nextInside[index] = true }
                    if scalar == "/" { next[index + 1] = true }
                }
                isAlive = isAlive || next[index + 1] || next[index] || nextInside[index]
            }
            guard isAlive else { return false }
            active = next
            inside = nextInside
            position += 1
        }
    }
}

/// A set of scalars, as ranges.
struct ScalarSet: Sendable, Hashable {
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    /// `.`: everything but a line feed.
    static let anyButLineFeed = ScalarSet(ranges: [0x0A...0x0A], isNegated: true)

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isNegated
    }

    /// Adds all scalars outside of these ranges.
    mutating func insertAllBut(_ others: [ClosedRange<UInt32>]) {
        var next: UInt32 = 0
        for range in others.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { ranges.append(next...(range.lowerBound - 1)) }
            next = max(next, range.upperBound + 1)
        }
        ranges.append(next...0x10FFFF)
    }
}
