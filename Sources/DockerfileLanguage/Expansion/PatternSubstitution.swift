/// `${name/pattern/replacement}` on a value.
struct PatternSubstitution {
    let pattern: ShellPattern
    let replacement: [Unicode.Scalar]
    /// The most scalars of a result.
    let limit: Int

    /// The value with the first match replaced.
    func first(in value: [Unicode.Scalar]) throws(DockerfileError) -> [Unicode.Scalar] {
        guard let match = try pattern.firstMatch(in: value, from: 0, anchored: false) else { return value }
        return value[..<match.lowerBound] + replacement + value[match.upperBound...]
    }

    /// The value with all matches replaced, as Go's `regexp.ReplaceAllString` does it: an empty match next to the
    /// match before it does not count, and `$0` in the replacement is what was matched.
    func all(in value: [Unicode.Scalar]) throws(DockerfileError) -> [Unicode.Scalar] {
        let template = Template(replacement)
        var result: [Unicode.Scalar] = []
        var copied = 0
        var position = 0
        while position <= value.count,
            let match = try pattern.firstMatch(in: value, from: position, anchored: false)
        {
            result += value[copied..<match.lowerBound]
            if match.upperBound > copied || match.lowerBound == 0 {
                template.append(to: &result, matched: value[match])
            }
            guard result.count <= limit else { throw WordBuffer.tooLong }
            copied = match.upperBound
            position = max(position + 1, match.upperBound)
        }
        return result + value[copied...]
    }

    /// Go's replacement template: `$name` and `${name}` where only the group `0`, the whole match, exists; `$$` is `$`.
    private struct Template {
        private enum Part {
            case text([Unicode.Scalar])
            case match
        }

        private var parts: [Part] = []

        init(_ source: [Unicode.Scalar]) {
            var text: [Unicode.Scalar] = []
            var position = 0
            while position < source.count {
                let scalar = source[position]
                position += 1
                guard scalar == "$" else {
                    text.append(scalar)
                    continue
                }
                if position < source.count, source[position] == "$" {
                    text.append("$")
                    position += 1
                } else if let (name, end) = Self.name(in: source, at: position) {
                    if name == ["0"] {
                        parts += [.text(text), .match]
                        text = []
                    }
                    position = end
                } else {
                    text.append("$")
                }
            }
            parts.append(.text(text))
        }

        /// The name after a `$`, with or without braces, and where it ends; nil when there is none.
        private static func name(
            in source: [Unicode.Scalar], at start: Int
        ) -> (name: ArraySlice<Unicode.Scalar>, end: Int)? {
            let braced = start < source.count && source[start] == "{"
            let name = source[(braced ? start + 1 : start)...]
                .prefix { $0.isGoLetter || $0.isGoDigit || $0 == "_" }
            guard !name.isEmpty else { return nil }
            guard braced else { return (name, name.endIndex) }
            return name.endIndex < source.count && source[name.endIndex] == "}" ? (name, name.endIndex + 1) : nil
        }

        func append(to result: inout [Unicode.Scalar], matched: ArraySlice<Unicode.Scalar>) {
            for part in parts {
                switch part {
                case .text(let text): result += text
                case .match: result += matched
                }
            }
        }
    }
}
