/// What an audit found. It holds no secret, only the names of rules and files.
public struct AuditReport: Sendable, Hashable, Codable {
    /// What was read, and how: `ext4, read by debugfs`.
    public var method: String
    /// How many rules were looked at.
    public var rules: Int
    /// The rules that could not be looked at, for lack of what they compare with.
    public var skipped: [String]
    /// What was found, in the order of the rules.
    public var findings: [AuditFinding]

    /// Makes a report.
    public init(method: String, rules: Int, skipped: [String], findings: [AuditFinding]) {
        self.method = method
        self.rules = rules
        self.skipped = skipped
        self.findings = findings
    }

    /// What keeps the disk from being a template.
    public var refusals: [AuditFinding] { findings.filter { $0.severity == .refuse } }
    /// Whether nothing does.
    public var passed: Bool { refusals.isEmpty }
}

/// A rule that is broken, at one place.
public struct AuditFinding: Sendable, Hashable, Codable {
    /// The rule's name.
    public var rule: String
    /// What should be true.
    public var what: String
    /// What it means.
    public var severity: AuditRule.Severity
    /// The file, where there is one.
    public var path: String?
    /// What is wrong there, where the rule alone does not say it.
    public var detail: String?
    /// The Dockerfile's instruction that made it, where that is known: `line 4: RUN …`.
    public var instruction: String?

    /// Makes a finding.
    public init(
        rule: String, what: String, severity: AuditRule.Severity, path: String? = nil, detail: String? = nil,
        instruction: String? = nil
    ) {
        self.rule = rule
        self.what = what
        self.severity = severity
        self.path = path
        self.detail = detail
        self.instruction = instruction
    }

    /// One line for people.
    public var text: String {
        var line = "\(rule): \(what)"
        if let path { line += "; \(path)" }
        if let detail { line += " (\(detail))" }
        if let instruction { line += ", by \(instruction)" }
        return line
    }
}
