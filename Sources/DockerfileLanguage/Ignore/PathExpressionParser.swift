/// Reads the expressions of ``PathExpression`` as RE2 would.
struct PathExpressionParser {
    /// RE2's limit on `{n,m}`.
    private static let maximumRepeat = 1000

    let source: [Unicode.Scalar]
    var position = 0

    init(_ source: [Unicode.Scalar]) { self.source = source }

    var peek: Unicode.Scalar? { position < source.count ? source[position] : nil }

    mutating func parse() throws(DockerfileError) -> [[PathExpression.Step]] {
        var branches: [[PathExpression.Step]] = [[]]
        // What a `*` or `{n}` would repeat; nil at the start of a branch and after a repetition.
        var repeatable: PathExpression.Step?
        var isQuoted = false
        while let scalar = peek {
            position += 1
            let step: PathExpression.Step
            switch scalar {
            case _ where isQuoted:
                if scalar == "\\", peek == "E" {
                    position += 1
                    isQuoted = false
                    continue
                }
                step = .one(ScalarSet(scalar))
            case "|":
                branches.append([])
                repeatable = nil
                continue
            case "*":
                guard case .one(let set)? = repeatable else { throw Self.nothingToRepeat }
                branches[branches.count - 1][branches[branches.count - 1].count - 1] = .run(set)
                repeatable = nil
                continue
            case "{":
                if let counts = try takeCounts() {
                    guard let repeatable = repeatable.take() else { throw Self.nothingToRepeat }
                    branches[branches.count - 1].removeLast()
                    branches[branches.count - 1] += Self.repetition(of: repeatable, counts)
                    continue
                }
                step = .one(ScalarSet(scalar))
            case "(" where source[position...].starts(with: ".*/)?".unicodeScalars):
                position += 5
                branches[branches.count - 1].append(.directories)
                repeatable = nil
                continue
            case "\\" where peek == "Q":
                position += 1
                isQuoted = true
                continue
            case "^": step = .start
            case "$": step = .end
            case ".": step = .one(.anyButLineFeed)
            case "[": step = .one(try characterClass())
            case "\\":
                if let assertion = takeAssertion() { step = assertion } else { step = .one(try escape()) }
            default: step = .one(ScalarSet(scalar))
            }
            branches[branches.count - 1].append(step)
            repeatable = step
        }
        return branches
    }

    private static let nothingToRepeat = DockerfileError(.pattern, "{} or * repeats nothing")

    /// `n}`, `n,}` or `n,m}` after a `{`; nil, and nothing taken, when it is ordinary text.
    private mutating func takeCounts() throws(DockerfileError) -> (least: Int, most: Int?)? {
        let start = position
        guard let least = takeNumber() else {
            position = start
            return nil
        }
        var most: Int? = least
        if peek == "," {
            position += 1
            most = peek == "}" ? nil : takeNumber()
            if most == nil, peek != "}" {
                position = start
                return nil
            }
        }
        guard peek == "}" else {
            position = start
            return nil
        }
        position += 1
        guard least <= Self.maximumRepeat, most.map({ $0 <= Self.maximumRepeat && $0 >= least }) ?? true else {
            throw DockerfileError(.pattern, "{} repeats too often")
        }
        return (least, most)
    }

    private mutating func takeNumber() -> Int? {
        let digits = source[position...].prefix { $0 >= "0" && $0 <= "9" }
        guard !digits.isEmpty, digits.count == 1 || digits.first != "0" else { return nil }
        position += digits.count
        return Int(String(digits)) ?? .max
    }

    private static func repetition(
        of step: PathExpression.Step, _ counts: (least: Int, most: Int?)
    ) -> [PathExpression.Step] {
        guard case .one(let set) = step else { return counts.least > 0 ? [step] : [] }
        let required = [PathExpression.Step](repeating: step, count: counts.least)
        guard let most = counts.most else { return required + [.run(set)] }
        return required + [PathExpression.Step](repeating: .optional(set), count: most - counts.least)
    }

    /// `\A`, `\z`, `\b`, `\B`.
    private mutating func takeAssertion() -> PathExpression.Step? {
        let step: PathExpression.Step
        switch peek {
        case "A"?: step = .start
        case "z"?: step = .end
        case "b"?: step = .wordBoundary(true)
        case "B"?: step = .wordBoundary(false)
        default: return nil
        }
        position += 1
        return step
    }
}
