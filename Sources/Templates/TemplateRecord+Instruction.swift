import FoundationEssentials
import ReplayPlan

extension TemplateRecord {
    /// The instruction of the Dockerfile that made a file, as `line 4: RUN …`, where it can be told from the text: the last
    /// step that names the path; or that copies into a directory above it, where the name is the source's too. Nil when
    /// none does: a file may come from a package, or from a command that does not name it.
    public func instruction(thatMade path: String) -> String? {
        guard let text = dockerfile?.text else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let found = steps.last { step in
            let range = max(step.lines.first, 1)...max(step.lines.last, step.lines.first, 1)
            let words = lines.dropFirst(range.lowerBound - 1).prefix(range.count).joined(separator: "\n")
            return Self.mentions(path, in: words) || Self.copies(to: path, step.title)
        }
        return found.map { "line \($0.lines.first): \($0.title)" }
    }

    /// The path as a word of its own: `/etc/shadow` is not in `/etc/shadow-`.
    private static func mentions(_ path: String, in text: String) -> Bool {
        text.ranges(of: path).contains { range in
            guard range.upperBound < text.endIndex else { return true }
            let next = text[range.upperBound]
            return !(next.isLetter || next.isNumber || "-_./".contains(next))
        }
    }

    private static func copies(to path: String, _ title: String) -> Bool {
        let words = title.split(separator: " ").filter { !$0.hasPrefix("--") }
        guard let verb = words.first, verb == "COPY" || verb == "ADD", words.count > 2, let destination = words.last,
            let name = path.split(separator: "/").last
        else { return false }
        let directory = destination.hasSuffix("/") ? destination : destination + "/"
        guard path.hasPrefix(directory) else { return false }
        // What is a directory by its writing may hold any name; of the rest nothing is said that may be wrong.
        let last = directory.split(separator: "/").last
        return words.dropFirst().dropLast().contains { source in
            let own = source.split(separator: "/").last
            return own == name || own == last || source.hasSuffix("/") || source == "." || source.hasSuffix("/.")
        }
    }
}
