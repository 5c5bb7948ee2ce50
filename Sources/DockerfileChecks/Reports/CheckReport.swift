internal import DockerfileLanguage

/// What was found in a number of files, and the forms in which it is told.
public struct CheckReport: Sendable {
    /// A form.
    public enum Format: String, Sendable, CaseIterable {
        /// For people: the lines with a caret, and a hint.
        case text
        /// For programs.
        case json
        /// The Static Analysis Results Interchange Format 2.1.0, which code hosts read.
        case sarif
        /// Commands of a GitHub workflow, which become annotations.
        case github
    }

    /// The files by their paths as the user named them, in order.
    public var files: [(path: String, checked: CheckedDockerfile)] = []

    /// Makes an empty report.
    public init() {}

    /// How many findings there are of a severity.
    public func count(of severity: Finding.Severity) -> Int { files.reduce(0) { $0 + $1.checked.count(of: severity) } }

    /// The report.
    /// - Parameters:
    ///   - format: The form.
    ///   - version: The program's version, for those forms that name it.
    public func text(as format: Format, version: String) throws -> String {
        switch format {
        case .text: files.map { Self.lines(of: $0.checked, path: $0.path) }.joined()
        case .json: try JSONReport(self).text
        case .sarif: try SARIFReport(self, version: version).text
        case .github: files.map { Self.annotations(of: $0.checked, path: $0.path) }.joined()
        }
    }

    /// One line about the whole.
    public var summary: String {
        func counted(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let clean = files.count { $0.checked.findings.isEmpty }
        return "\(counted(files.count, "file")), \(clean) of them clean: \(counted(count(of: .error), "error")), "
            + "\(counted(count(of: .warning), "warning"))"
    }

    private static func lines(of checked: CheckedDockerfile, path: String) -> String {
        guard !checked.findings.isEmpty else { return "" }
        let source = checked.shownSource
        return checked.findings.map { finding in
            let error = DockerfileError(
                .syntax, "\(finding.severity.rawValue): \(finding.rule): \(finding.message)",
                at: finding.lines.map { [$0] } ?? [], highlight: finding.highlight)
            let hint = finding.hint.map { "  hint: \($0)\n" } ?? ""
            return error.rendered(in: source, file: path) + "\n" + hint + "\n"
        }.joined()
    }

    /// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>
    private static func annotations(of checked: CheckedDockerfile, path: String) -> String {
        checked.findings.map { finding in
            var properties = ["file=\(escaped(path, isProperty: true))"]
            if let lines = finding.lines { properties += ["line=\(lines.first)", "endLine=\(lines.last)"] }
            properties.append("title=\(escaped(finding.rule, isProperty: true))")
            let message = ([finding.sentence] + [finding.hint].compactMap { $0 }).joined(separator: " ")
            return "::\(finding.severity.rawValue) \(properties.joined(separator: ","))::\(escaped(message))\n"
        }.joined()
    }

    private static func escaped(_ text: String, isProperty: Bool = false) -> String {
        var result = text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
        if isProperty { result = result.replacing(":", with: "%3A").replacing(",", with: "%2C") }
        return result
    }
}
