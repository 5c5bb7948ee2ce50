/// A range of physical lines of a Dockerfile, counted from 1, both ends included.
public struct SourceRange: Sendable, Hashable {
    /// The first line.
    public var first: Int
    /// The last line; never before `first`.
    public var last: Int

    /// Makes a range.
    public init(first: Int, last: Int) {
        self.first = first
        self.last = max(first, last)
    }

    /// Makes a range of one line.
    public init(line: Int) {
        self.init(first: line, last: line)
    }
}
