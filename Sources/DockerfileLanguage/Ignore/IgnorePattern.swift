/// One pattern, compiled into the cheapest test that decides it.
struct IgnorePattern: Sendable {
    private enum Test: Sendable {
        case exact([Unicode.Scalar])
        /// The pattern ended with `**` and had no other wildcard.
        case prefix([Unicode.Scalar])
        /// The pattern began with `**` and had no other wildcard.
        case suffix([Unicode.Scalar])
        case expression(PathExpression)
    }

    /// Whether it begins with `!`: what it matches is not ignored.
    let isException: Bool
    /// The pattern without its `!`.
    let text: String
    private let test: Test

    /// Compiles a cleaned pattern.
    init(_ pattern: String) throws(DockerfileError) {
        var scalars = Array(pattern.unicodeScalars)
        isException = scalars.first == "!"
        if isException {
            scalars.removeFirst()
            guard !scalars.isEmpty else {
                throw DockerfileError(.pattern, "the pattern \"!\" re-includes nothing", highlight: "!")
            }
        }
        text = String(scalars)
        guard GlobSyntax.isValid(scalars) else {
            throw DockerfileError(.pattern, "the pattern \"\(pattern)\" is not well-formed", highlight: pattern)
        }
        do {
            test = try Self.compile(scalars)
        } catch {
            throw DockerfileError(
                .pattern, "the pattern \"\(pattern)\" is not well-formed: \(error.message)", highlight: pattern)
        }
    }

    /// Translates into a regular expression of the kind that moby compiles with RE2, wildcards also where they stand in
    /// brackets: its odd answers are wanted. Without a wildcard but a `**` at one end a comparison is enough.
    private static func compile(_ pattern: [Unicode.Scalar]) throws(DockerfileError) -> Test {
        enum Kind { case exact, prefix, suffix, expression }
        var kind = Kind.exact
        var expression: [Unicode.Scalar] = ["^"]
        var position = 0
        while position < pattern.count {
            let isFirst = position == 0
            let scalar = pattern[position]
            position += 1
            switch scalar {
            case "*" where position < pattern.count && pattern[position] == "*":
                position += 1
                if position < pattern.count, pattern[position] == "/" { position += 1 }
                if position < pattern.count {
                    expression += "(.*/)?".unicodeScalars
                    kind = .expression
                } else if kind == .exact {
                    kind = .prefix
                } else {
                    expression += ".*".unicodeScalars
                    kind = .expression
                }
                if isFirst { kind = .suffix }
            case "*":
                expression += "[^/]*".unicodeScalars
                kind = .expression
            case "?":
                expression += "[^/]".unicodeScalars
                kind = .expression
            case "\\" where position < pattern.count:
                expression += [scalar, pattern[position]]
                position += 1
                kind = .expression
            // moby means to escape `|`, `{` and `}` too, but its bit map holds only the lower half of ASCII.
            case ".", "+", "(", ")", "$":
                expression += ["\\", scalar]
            case "[", "]":
                expression.append(scalar)
                kind = .expression
            default:
                expression.append(scalar)
            }
        }
        switch kind {
        case .exact: return .exact(pattern)
        case .prefix: return .prefix(pattern.dropLast(2))
        case .suffix: return .suffix(Array(pattern.dropFirst(2)))
        case .expression: return .expression(try PathExpression(expression + ["$"]))
        }
    }

    /// Whether it matches exactly this path, parents not considered.
    func matches(_ path: ArraySlice<Unicode.Scalar>) -> Bool {
        switch test {
        case .exact(let pattern): return path.elementsEqual(pattern)
        case .prefix(let prefix): return path.starts(with: prefix)
        case .suffix(let suffix):
            if path.count >= suffix.count, path.suffix(suffix.count).elementsEqual(suffix) { return true }
            // `**/x` matches `x` too.
            return suffix.first == "/" && path.elementsEqual(suffix.dropFirst())
        case .expression(let expression): return expression.matches(path)
        }
    }
}

/// The form of Go's `filepath.Match` patterns, which moby checks before it translates a pattern.
private enum GlobSyntax {
    static func isValid(_ pattern: [Unicode.Scalar]) -> Bool {
        var rest = pattern[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                guard rest.popFirst() != nil else { return false }
            case "[":
                guard skipClass(&rest) else { return false }
            default: break
            }
        }
        return true
    }

    private static func skipClass(_ rest: inout ArraySlice<Unicode.Scalar>) -> Bool {
        if rest.first == "^" { rest.removeFirst() }
        var isEmpty = true
        while true {
            if !isEmpty, rest.first == "]" {
                rest.removeFirst()
                return true
            }
            guard skipMember(&rest) else { return false }
            if rest.first == "-" {
                rest.removeFirst()
                guard skipMember(&rest) else { return false }
            }
            isEmpty = false
        }
    }

    /// One character of a class; something must follow it.
    private static func skipMember(_ rest: inout ArraySlice<Unicode.Scalar>) -> Bool {
        guard let scalar = rest.popFirst(), scalar != "-", scalar != "]" else { return false }
        if scalar == "\\", rest.popFirst() == nil { return false }
        return !rest.isEmpty
    }
}
