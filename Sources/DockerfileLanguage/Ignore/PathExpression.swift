/// A regular expression of the forms that path patterns are translated into, with RE2's meaning.
///
/// All possibilities are followed at once: the time is the product of the lengths of expression and path at most.
struct PathExpression: Sendable {
    /// One step of a branch.
    enum Step: Sendable, Hashable {
        /// A scalar of this set.
        case one(ScalarSet)
        /// A scalar of this set, or none.
        case optional(ScalarSet)
        /// Any number of scalars of this set.
        case run(ScalarSet)
        /// `(.*/)?`: nothing, or any text up to a `/`.
        case directories
        /// `^`
        case start
        /// `$`
        case end
        /// `\b`, or with false `\B`: between a word's character and another one, or not.
        case wordBoundary(Bool)
    }

    /// What stands between `|`: one of them must match.
    private let branches: [[Step]]

    /// Compiles an expression.
    init(_ source: [Unicode.Scalar]) throws(DockerfileError) {
        var parser = PathExpressionParser(source)
        branches = try parser.parse()
    }

    /// Whether the expression matches in this path; it is anchored only where it says so.
    func matches(_ path: ArraySlice<Unicode.Scalar>) -> Bool {
        branches.contains { Self.matches($0, path) }
    }

    private static func matches(_ steps: [Step], _ path: ArraySlice<Unicode.Scalar>) -> Bool {
        let isAnchored = steps.first == .start
        // Where a match may go on; those inside of a `directories` are kept apart.
        var active = [Bool](repeating: false, count: steps.count + 1)
        var inside = active
        var position = path.startIndex
        while true {
            if !isAnchored || position == path.startIndex { active[0] = true }
            for (index, step) in steps.enumerated() where active[index] {
                if step == .directories { inside[index] = true }
                if isPassable(step, in: path, at: position) { active[index + 1] = true }
            }
            if active[steps.count] { return true }
            guard position < path.endIndex else { return false }
            let scalar = path[position]
            var next = [Bool](repeating: false, count: steps.count + 1)
            var nextInside = next
            var isAlive = !isAnchored
            for (index, step) in steps.enumerated() {
                if active[index] {
                    switch step {
                    case .one(let set) where set.contains(scalar), .optional(let set) where set.contains(scalar):
                        next[index + 1] = true
                    case .run(let set) where set.contains(scalar):
                        next[index] = true
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

    /// Whether a step can be passed here without taking a scalar.
    private static func isPassable(_ step: Step, in path: ArraySlice<Unicode.Scalar>, at position: Int) -> Bool {
        switch step {
        case .one: return false
        case .optional, .run, .directories: return true
        case .start: return position == path.startIndex
        case .end: return position == path.endIndex
        case .wordBoundary(let wanted):
            let before = position > path.startIndex && ScalarSet.word.contains(path[position - 1])
            let after = position < path.endIndex && ScalarSet.word.contains(path[position])
            return (before != after) == wanted
        }
    }
}
