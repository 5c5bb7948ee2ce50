/// The patterns of an ignore file (`.dockerignore`) or of `--exclude`, and which paths they ignore.
///
/// The rules are those of moby/patternmatcher, which Docker and BuildKit use: the last pattern that matches a path or
/// one of its parents decides; `!` re-includes; `*` and `?` do not cross `/`, `**` does.
public struct IgnorePatterns: Sendable {
    /// The patterns as they were read: cleaned paths, with their `!`.
    public let patterns: [String]
    /// Whether a pattern re-includes something: an ignored directory must then still be walked.
    public let hasExceptions: Bool
    let compiled: [IgnorePattern]

    /// No patterns: nothing is ignored.
    public init() {
        patterns = []
        hasExceptions = false
        compiled = []
    }

    /// Patterns that stand for themselves, as those of `--exclude` do.
    ///
    /// - Throws: ``DockerfileError`` without lines when a pattern is wrong.
    public init(_ patterns: [String]) throws(DockerfileError) {
        self.patterns = patterns
        var compiled: [IgnorePattern] = []
        for pattern in patterns {
            let text = pattern.trimmed
            if text.isEmpty { continue }
            compiled.append(try IgnorePattern(CleanPath.clean(text)))
        }
        self.compiled = compiled
        hasExceptions = compiled.contains { $0.isException }
    }

    /// Reads an ignore file: a pattern a line; lines with `#` in the first column are comments.
    ///
    /// - Throws: ``DockerfileError`` with the line of a wrong pattern.
    public init(parsing file: [UInt8]) throws(DockerfileError) {
        let source = SourceText(file)
        var patterns: [String] = []
        var number = 0
        while number < source.lineCount {
            number += 1
            guard let pattern = Self.pattern(source.rawLine(number)) else { continue }
            do {
                _ = try IgnorePatterns([pattern])
            } catch {
                throw error.located(at: SourceRange(line: number))
            }
            patterns.append(pattern)
        }
        try self.init(patterns)
    }

    /// The pattern of a line, normalised; nil for a comment and a blank line.
    static func pattern(_ line: Bytes) -> String? {
        if line.first == Byte.hash { return nil }
        var text = line.trimmed
        if text.isEmpty { return nil }
        let isException = text.first == Byte.bang
        if isException { text = text.dropFirst().trimmed }
        guard !text.isEmpty else { return "!" }
        var path = CleanPath.clean(text.text)
        if path.utf8.count > 1, path.utf8.first == Byte.slash { path = String(path.dropFirst()) }
        return isException ? "!" + path : path
    }

    /// Whether a path is ignored. The path is relative to the context, with `/` between names, without `./`.
    public func ignores(_ path: String) -> Bool {
        var parents: [ArraySlice<Unicode.Scalar>] = []
        let scalars = Array(path.unicodeScalars)
        for (index, scalar) in scalars.enumerated() where scalar == "/" && index > 0 {
            parents.append(scalars[..<index])
        }
        var ignored = false
        // Only a pattern that could change the answer is asked.
        for pattern in compiled where pattern.isException == ignored {
            if pattern.matches(scalars[...]) || parents.contains(where: pattern.matches) {
                ignored = !pattern.isException
            }
        }
        return ignored
    }
}

/// Go's `path.Clean`.
enum CleanPath {
    /// The shortest path of the same meaning: no empty, `.` and inner `..` elements; `.` for nothing.
    static func clean(_ path: String) -> String {
        let isRooted = path.utf8.first == Byte.slash
        var elements: [Substring.UTF8View.SubSequence] = []
        for element in path.utf8.split(separator: Byte.slash) {
            if element.elementsEqual(".".utf8) { continue }
            guard element.elementsEqual("..".utf8) else {
                elements.append(element)
                continue
            }
            if let last = elements.last, !last.elementsEqual("..".utf8) {
                elements.removeLast()
            } else if !isRooted {
                elements.append(element)
            }
        }
        let joined = elements.map { String(Substring($0)) }.joined(separator: "/")
        return isRooted ? "/" + joined : joined.isEmpty ? "." : joined
    }
}
