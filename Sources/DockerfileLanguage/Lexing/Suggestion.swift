/// "Did you mean": the known name nearest to a mistyped one.
public enum Suggestion {
    /// ` (did you mean X?)`, or nothing when no name is near enough (edit distance 2 at most).
    public static func text(for name: String, among known: [String]) -> String {
        let wanted = Array(name.lowercased().unicodeScalars)
        guard wanted.count <= 64 else { return "" }
        var best: (distance: Int, name: String)?
        for candidate in known {
            let distance = distance(wanted, Array(candidate.lowercased().unicodeScalars))
            if distance <= 2, distance < best?.distance ?? 3 { best = (distance, candidate) }
        }
        guard let best, best.distance > 0 else { return "" }
        return " (did you mean \(best.name)?)"
    }

    /// Levenshtein distance.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var previous = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replace = previous[column] + (scalar == other ? 0 : 1)
                current.append(min(replace, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
