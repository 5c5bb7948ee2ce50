public import Basemaps
public import DockerfileLanguage
public import ReplayPlan

/// Checks Dockerfiles: BuildKit's rules, the rules of a live machine, and whether there could be a plan at all.
///
/// It touches nothing: what images are comes in as answers.
public struct DockerfileChecker: Sendable {
    /// What is known of the image that a Dockerfile is built on.
    public enum Base: Sendable {
        /// A machine image stands for it.
        case known(ResolvedBase)
        /// None does; the sentence says why.
        case unknown(String)
    }

    private let options: PlanOptions
    private let base: @Sendable (_ reference: String) -> Base

    /// Makes a checker.
    /// - Parameters:
    ///   - options: What the user decides about a build.
    ///   - base: What stands for an image.
    public init(options: PlanOptions, base: @escaping @Sendable (_ reference: String) -> Base) {
        self.options = options
        self.base = base
    }

    /// Checks one file. It always answers: a file that cannot be parsed is a finding.
    /// - Parameters:
    ///   - bytes: The file.
    ///   - ignoreFile: The ignore file of its context.
    public func check(_ bytes: [UInt8], ignoreFile: ContextManifest.IgnoreFile? = nil) -> CheckedDockerfile {
        let source = SourceText(bytes)
        let dockerfile: Dockerfile
        do { dockerfile = try DockerfileParser.parse(bytes) } catch {
            let finding = Self.finding(
                "InvalidDockerfile", error.ranges.first, error.message, highlight: error.highlight)
            return CheckedDockerfile(source: source, findings: [finding], dockerfile: nil, survey: nil, base: nil)
        }
        let survey = Survey(dockerfile, options: options, ignoreFile: ignoreFile) { reference in
            guard case .known(let base) = base(reference) else {
                return Survey.Image(config: Self.unknownImage, platform: options.platform)
            }
            return Survey.Image(config: ImageConfig(environment: base.environment), platform: options.platform)
        }
        return check(dockerfile, survey)
    }

    /// Checks what a survey found.
    public func check(_ dockerfile: Dockerfile, _ survey: Survey) -> CheckedDockerfile {
        var findings = Self.findings(of: survey, in: dockerfile)
        var resolved: ResolvedBase?
        if let reference = survey.base {
            switch base(reference.reference) {
            case .known(let base): resolved = base
            case .unknown(let sentence):
                let lines = SourceRange(first: reference.lines.first, last: reference.lines.last)
                findings.append(Self.finding("UnknownBase", lines, sentence, highlight: reference.reference))
            }
        }
        findings += MachineLinter.findings(in: survey, distribution: resolved?.distribution)
        if survey.configuration.warningsAreErrors {
            for index in findings.indices { findings[index].severity = .error }
        }
        return CheckedDockerfile(
            source: dockerfile.source, findings: Self.sorted(findings), dockerfile: dockerfile, survey: survey,
            base: resolved)
    }

    /// Images of which nothing is known have a PATH, as all have.
    private static let unknownImage = ImageConfig(environment: [
        EnvironmentVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    ])

    private static func findings(of survey: Survey, in dockerfile: Dockerfile) -> [Finding] {
        let warnings = survey.warnings.map { warning in
            let lines = warning.lines.map { SourceRange(first: $0.first, last: $0.last) }
            return finding(
                warning.rule, lines, warning.message,
                highlight: lines.flatMap { quoted(in: warning.message, standingIn: dockerfile.source, at: $0) })
        }
        // That a warning is an error is said with the warning.
        let errors = survey.errors.filter { $0.code != .lint }.map { error in
            return finding(
                rule(for: error.code),
                error.lines.first.map { SourceRange(first: $0.first, last: $0.last) }, error.message,
                highlight: error.highlight)
        }
        return warnings + errors
    }

    /// The rule that stands for what the planner refuses.
    private static func rule(for code: PlanError.Code) -> String {
        switch code {
        case .restart: Rule.rebootNotLast.name
        case .unsupported, .platform: "NotReplayable"
        default: "InvalidDockerfile"
        }
    }

    private static func finding(
        _ name: String, _ lines: SourceRange?, _ message: String, highlight: String?
    ) -> Finding {
        let rule = Rule.named(name)
        return Finding(
            rule: name, severity: rule?.severity ?? .warning, lines: lines, message: Credential.masked(message),
            hint: rule?.hint, highlight: highlight)
    }

    /// The first piece in quotes, or else the first word, of a message that stands in the lines: what it is about.
    private static func quoted(in message: String, standingIn source: SourceText, at lines: SourceRange) -> String? {
        // Long instructions are shown by their first lines only.
        let text = (lines.first...min(lines.last, lines.first + 20)).compactMap { source.line($0) }.joined(
            separator: "\n")
        let pieces = message.split { $0 == "'" || $0 == "\"" }.enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
        let words = message.split { " :,;".contains($0) }.map(String.init).filter { $0.count > 2 }
        return (pieces + words).first { text.contains($0) }
    }

    /// By lines; findings of one line stay in the order of the rules.
    private static func sorted(_ findings: [Finding]) -> [Finding] {
        findings.enumerated().sorted {
            ($0.element.firstLine ?? 0, $0.offset) < ($1.element.firstLine ?? 0, $1.offset)
        }.map(\.element)
    }
}

/// A file that was checked.
public struct CheckedDockerfile: Sendable {
    /// The file's text.
    public var source: SourceText
    /// What was found, in the order of the lines.
    public var findings: [Finding]
    /// The file, parsed; nil when it cannot be.
    public var dockerfile: Dockerfile?
    /// What its instructions mean.
    public var survey: Survey?
    /// What stands for its base; nil when nothing does.
    public var base: ResolvedBase?

    /// How many findings there are of a severity.
    public func count(of severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    /// The text with `***` in place of secrets: what may be shown.
    public var shownSource: SourceText { SecretMask(self).source }
}
