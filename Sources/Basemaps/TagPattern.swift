/// A tag of a basemap's row: itself, or with `*` for one or more digits and dots, so that `12.*` means `12.11` and
/// `bookworm-*` a dated tag such as `bookworm-20261101`, but not `bookworm-backports`.
public struct TagPattern: Sendable, Hashable {
    /// The pattern's text.
    public let text: String

    /// Makes a pattern.
    public init(_ text: String) { self.text = text }

    /// Whether a tag is meant by the pattern.
    public func matches(_ tag: some StringProtocol) -> Bool {
        Self.matches(Substring(tag), Substring(text))
    }

    private static func matches(_ tag: Substring, _ pattern: Substring) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return tag == pattern }
        let before = pattern[..<star]
        guard tag.hasPrefix(before) else { return false }
        let rest = tag.dropFirst(before.count)
        let after = pattern[pattern.index(after: star)...]
        let run = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        return (0..<run.count).contains { matches(rest.dropFirst($0 + 1), after) }
    }
}
