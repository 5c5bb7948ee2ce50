/// Paths by the rules of Go's packages `path` and `filepath` on Unix: BuildKit's results are made of them.
enum GoPath {
    /// The shortest equal path: no `.`, no `..` but at the start of a relative one, no double or trailing slash.
    static func clean(_ path: String) -> String {
        guard !path.isEmpty else { return "." }
        let isRooted = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if let last = parts.last, last != ".." {
                parts.removeLast()
            } else if !isRooted {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        if isRooted { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }

    /// The cleaned join of two paths; empty ones count for nothing.
    static func join(_ left: String, _ right: String) -> String {
        if left.isEmpty { return right.isEmpty ? "" : clean(right) }
        return right.isEmpty ? clean(left) : clean(left + "/" + right)
    }

    /// Whether a path begins at the root.
    static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

    /// The last part: what a file is called.
    static func base(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? (path.isEmpty ? "." : "/")
    }
}
