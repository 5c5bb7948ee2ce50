extension IgnorePatterns {
    /// Which patterns match a directory: what is in it needs not to be compared with them again.
    public struct DirectoryMatches: Sendable, Hashable {
        fileprivate var matched: [Bool]
    }

    /// Whether a path is ignored, for a walk from the root down: cheaper than ``ignores(_:)``, because parents are not
    /// looked at again.
    ///
    /// This is what BuildKit asks when it sends a context. It differs from ``ignores(_:)`` where a `!` pattern matches
    /// a directory that nothing had ignored so far: it then does not bring back what is ignored further down by name.
    ///
    /// - Parameters:
    ///   - path: relative to the context.
    ///   - directory: the matches of the directory that the path is in; nil at the root.
    /// - Returns: the answer, and the matches to hand on when the path is a directory.
    public func evaluate(
        _ path: String, in directory: DirectoryMatches? = nil
    ) -> (isIgnored: Bool, matches: DirectoryMatches) {
        let scalars = Array(path.unicodeScalars)
        var matches = DirectoryMatches(matched: directory?.matched ?? [Bool](repeating: false, count: compiled.count))
        var isIgnored = false
        for (index, pattern) in compiled.enumerated() {
            if !matches.matched[index] {
                guard pattern.isException == isIgnored, pattern.matches(scalars[...]) else { continue }
                matches.matched[index] = true
            }
            isIgnored = !pattern.isException
        }
        return (isIgnored, matches)
    }

    /// Whether an ignored directory must be walked all the same, because a `!` pattern could match below it.
    public func canReinclude(below directory: String) -> Bool {
        guard hasExceptions else { return false }
        let exceptions = compiled.filter(\.isException).map { Self.withoutTrailingGlob($0.text) }
        // With a wildcard in an exception BuildKit walks everything.
        if exceptions.contains(where: { $0.unicodeScalars.contains { "*[]?^\\".unicodeScalars.contains($0) } }) {
            return true
        }
        let start = Array((directory + "/").utf8)
        return exceptions.contains { ($0 + "/").utf8.starts(with: start) }
    }

    private static func withoutTrailingGlob(_ pattern: String) -> String {
        var scalars = Array(pattern.unicodeScalars)
        for glob in ["/**", "/*"] where scalars.suffix(glob.unicodeScalars.count).elementsEqual(glob.unicodeScalars) {
            scalars.removeLast(glob.unicodeScalars.count)
        }
        return String(scalars)
    }
}
