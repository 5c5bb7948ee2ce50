public import DockerfileLanguage

/// Something that a check found.
public struct Finding: Sendable, Hashable, Codable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
        /// The file cannot be replayed, or the machine would be lost.
        case error
        /// It is probably not meant.
        case warning
    }

    /// The rule's name.
    public var rule: String
    /// How bad it is.
    public var severity: Severity
    /// The first line, counted from 1; nil when it is about the whole file.
    public var firstLine: Int?
    /// The last line.
    public var lastLine: Int?
    /// One sentence: what is wrong.
    public var message: String
    /// One sentence: what to do.
    public var hint: String?
    /// The piece of source text that the caret points at.
    public var highlight: String?

    /// Makes a finding.
    public init(
        rule: String, severity: Severity, lines: SourceRange?, message: String, hint: String? = nil,
        highlight: String? = nil
    ) {
        self.rule = rule
        self.severity = severity
        firstLine = lines?.first
        lastLine = lines?.last
        self.message = message
        self.hint = hint
        self.highlight = highlight
    }

    /// The message with a full stop.
    var sentence: String { message.hasSuffix(".") ? message : message + "." }

    /// The lines that it is about.
    public var lines: SourceRange? {
        firstLine.map { SourceRange(first: $0, last: lastLine ?? $0) }
    }
}
