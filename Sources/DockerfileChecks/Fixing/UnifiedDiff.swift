/// The difference of two texts as `diff -u` writes it and `patch` reads it.
public enum UnifiedDiff {
    /// How many lines are shown around a change.
    private static let context = 3

    private enum Line {
        case same(String)
        case removed(String)
        case added(String)
    }

    /// The difference; empty when there is none.
    public static func text(from old: [UInt8], to new: [UInt8], path: String) -> String {
        guard old != new else { return "" }
        let lines = script(SourceLines(old).lines, SourceLines(new).lines)
        var text = "--- a/\(path)\n+++ b/\(path)\n"
        for hunk in hunks(lines) { text += self.text(of: hunk, in: lines) }
        return text
    }

    private static func script(_ old: [String], _ new: [String]) -> [Line] {
        var removed: Set<Int> = []
        var added: Set<Int> = []
        for change in new.difference(from: old, by: { $0.utf8.elementsEqual($1.utf8) }) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var lines: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left) {
                lines.append(.removed(old[left]))
                left += 1
            } else if added.contains(right) {
                lines.append(.added(new[right]))
                right += 1
            } else {
                lines.append(.same(new[right]))
                left += 1
                right += 1
            }
        }
        return lines
    }

    /// The ranges of lines that hold changes and what is around them.
    private static func hunks(_ lines: [Line]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (index, line) in lines.enumerated() {
            if case .same = line { continue }
            let range = max(0, index - context)..<min(lines.count, index + context + 1)
            if let last = hunks.last, range.lowerBound <= last.upperBound {
                hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
            } else {
                hunks.append(range)
            }
        }
        return hunks
    }

    private static func text(of hunk: Range<Int>, in lines: [Line]) -> String {
        func count(_ lines: ArraySlice<Line>) -> (old: Int, new: Int) {
            lines.reduce(into: (0, 0)) { sum, line in
                switch line {
                case .same: sum = (sum.0 + 1, sum.1 + 1)
                case .removed: sum.0 += 1
                case .added: sum.1 += 1
                }
            }
        }
        let before = count(lines[..<hunk.lowerBound])
        let inside = count(lines[hunk])
        func place(_ start: Int, _ count: Int) -> String { "\(count == 0 ? start : start + 1),\(count)" }
        var text = "@@ -\(place(before.old, inside.old)) +\(place(before.new, inside.new)) @@\n"
        for line in lines[hunk] {
            let (mark, content) =
                switch line {
                case .same(let content): (" ", content)
                case .removed(let content): ("-", content)
                case .added(let content): ("+", content)
                }
            text += mark + content
            if !content.utf8.elementsEqual(content.utf8.prefix { $0 != UInt8(ascii: "\n") }) { continue }
            text += "\n\\ No newline at end of file\n"
        }
        return text
    }
}
