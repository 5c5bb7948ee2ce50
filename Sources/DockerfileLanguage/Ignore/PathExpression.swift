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
    private let branches: [[FlatStep]]
    /// The sets that steps refer to, for scalars beyond ASCII.
    private let sets: [ScalarSet]

    /// Compiles an expression.
    init(_ source: [Unicode.Scalar]) throws(DockerfileError) {
        var parser = PathExpressionParser(source)
        var sets: [ScalarSet] = []
        branches = try parser.parse().map { $0.map { FlatStep($0, sets: &sets) } }
        self.sets = sets
    }

    /// Whether the expression matches in this path; it is anchored only where it says so.
    func matches(_ path: ArraySlice<Unicode.Scalar>) -> Bool {
        branches.contains { matches($0, path) }
    }

    private func matches(_ steps: [FlatStep], _ path: ArraySlice<Unicode.Scalar>) -> Bool {
        let isAnchored = steps.first?.kind == .start
        var here = States(count: steps.count)
        var next = here
        var position = path.startIndex
        while true {
            if !isAnchored || position == path.startIndex { here.active[0] = true }
            for index in steps.indices where here.active[index] {
                if steps[index].kind == .directories { here.inside[index] = true }
                if Self.isPassable(steps[index].kind, in: path, at: position) { here.active[index + 1] = true }
            }
            if here.active[steps.count] { return true }
            guard position < path.endIndex else { return false }
            next.clear()
            let isAlive = here.take(path[position], by: steps, sets, into: &next)
            guard isAlive || !isAnchored else { return false }
            swap(&here, &next)
            position += 1
        }
    }

    /// Where matches may go on; those inside of a `directories` are kept apart.
    private struct States {
        var active: [Bool]
        var inside: [Bool]

        init(count: Int) {
            active = [Bool](repeating: false, count: count + 1)
            inside = active
        }

        mutating func clear() {
            for index in active.indices {
                active[index] = false
                inside[index] = false
            }
        }

        /// Follows a scalar; false when no match can go on.
        func take(_ scalar: Unicode.Scalar, by steps: [FlatStep], _ sets: [ScalarSet], into next: inout States) -> Bool
        {
            var isAlive = false
            for index in steps.indices {
                if inside[index] {
                    if scalar != "\n" { next.inside[index] = true }
                    if scalar == "/" { next.active[index + 1] = true }
                    isAlive = true
                }
                guard active[index], steps[index].contains(scalar, sets) else { continue }
                next.active[steps[index].kind == .run ? index : index + 1] = true
                isAlive = true
            }
            return isAlive
        }
    }

    /// Whether a step can be passed here without taking a scalar.
    private static func isPassable(
        _ step: FlatStep.Kind, in path: ArraySlice<Unicode.Scalar>, at position: Int
    ) -> Bool {
        switch step {
        case .one: return false
        case .optional, .run, .directories: return true
        case .start: return position == path.startIndex
        case .end: return position == path.endIndex
        case .wordBoundary, .noWordBoundary:
            let before = position > path.startIndex && ScalarSet.word.contains(path[position - 1])
            let after = position < path.endIndex && ScalarSet.word.contains(path[position])
            return (before != after) == (step == .wordBoundary)
        }
    }
}

/// A step as plain bits: a context has many paths, and reference counting would take most of the time.
private struct FlatStep {
    enum Kind: UInt8 { case one, optional, run, directories, start, end, wordBoundary, noWordBoundary }

    let kind: Kind
    /// The scalars 0–63 that are taken, a bit each.
    private var low: UInt64 = 0
    /// The scalars 64–127.
    private var high: UInt64 = 0
    /// Where the set is, for the others.
    private var set = -1

    init(_ step: PathExpression.Step, sets: inout [ScalarSet]) {
        switch step {
        case .one(let set): self.init(.one, set, &sets)
        case .optional(let set): self.init(.optional, set, &sets)
        case .run(let set): self.init(.run, set, &sets)
        case .directories: self.init(.directories)
        case .start: self.init(.start)
        case .end: self.init(.end)
        case .wordBoundary(let isWanted): self.init(isWanted ? .wordBoundary : .noWordBoundary)
        }
    }

    private init(_ kind: Kind) { self.kind = kind }

    private init(_ kind: Kind, _ set: ScalarSet, _ sets: inout [ScalarSet]) {
        self.kind = kind
        for value in 0..<64 as Range<UInt8> {
            if set.contains(Unicode.Scalar(value)) { low |= 1 << UInt64(value) }
            if set.contains(Unicode.Scalar(value + 64)) { high |= 1 << UInt64(value) }
        }
        self.set = sets.count
        sets.append(set)
    }

    func contains(_ scalar: Unicode.Scalar, _ sets: [ScalarSet]) -> Bool {
        switch scalar.value {
        case 0..<64: low >> UInt64(scalar.value) & 1 == 1
        case 64..<128: high >> UInt64(scalar.value - 64) & 1 == 1
        default: set >= 0 && sets[set].contains(scalar)
        }
    }
}
