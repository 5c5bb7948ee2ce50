internal import DockerfileChecks

extension Explanation {
    /// The explanation for a terminal.
    public var text: String {
        var lines = [headline, ""]
        for line in self.lines {
            let number = String(line.firstLine)
            let indent = String(repeating: " ", count: max(0, 4 - number.count)) + number
            lines.append("\(indent)  \(Self.shortened(line.text))")
            lines.append("      \(Self.padded(line.label)) \(line.effect)")
            lines += line.differences.map { "      \(Self.padded("differs")) \($0)" }
            lines += line.findings.flatMap { finding in
                ["      \(Self.padded(finding.severity.rawValue)) \(finding.rule): \(finding.message)"]
                    + [finding.hint].compactMap { $0 }.map { "      \(Self.padded("")) \($0)" }
            }
            lines.append("")
        }
        if !tests.isEmpty { lines += ["Tested on a copy:"] + tests.map { "  \($0)" } + [""] }
        if !notices.isEmpty { lines += ["To know:"] + notices.map { "  \($0)" } + [""] }
        lines += ["Different from a container everywhere:"] + generalDifferences.map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One line about the whole.
    public var headline: String {
        let what = isReplayable ? "\(stepCount) step\(stepCount == 1 ? "" : "s")" : "cannot be replayed as it is"
        return "\(path): \(base ?? "no known base"), \(what)\(service.map { ", then \($0)" } ?? ", no service")"
    }

    private static func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(0, 9 - text.count))
    }

    private static func shortened(_ text: String) -> String {
        let line = text.split(separator: "\n").joined(separator: " ")
        return line.count > 100 ? line.prefix(99) + "…" : line
    }
}

extension Explanation.Line {
    /// What it becomes, in one or two words.
    public var label: String { step.map { "step \($0)" } ?? kind.rawValue }
}
