/// Which of BuildKit's lint rules are on: the value of the `check` directive, of the build argument
/// `BUILDKIT_DOCKERFILE_CHECK`, or of a `# check=` comment above an instruction.
public struct CheckConfiguration: Sendable, Hashable {
    /// No ordinary rule is on.
    public var skipsAll = false
    /// The ordinary rules that are off.
    public var skipped: Set<String> = []
    /// All experimental rules are on.
    public var enablesAllExperimental = false
    /// The experimental rules that are on.
    public var experimental: Set<String> = []
    /// A warning fails the build.
    public var warningsAreErrors = false

    /// The defaults: ordinary rules on, experimental ones off.
    public init() {}

    /// Reads `skip=all|RULE,…`, `error=BOOL`, `experimental=all|RULE,…`, separated by `;`.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public init(parsing text: String) throws(DockerfileError) {
        let text = text.trimmed
        if text.isEmpty { return }
        for part in text.split(separator: ";", maxSplits: 2, omittingEmptySubsequences: false) {
            let (rawKey, rawValue) = String(part).splitAtEquals
            guard let value = rawValue?.trimmed else { throw Self.invalid(String(part)) }
            switch rawKey.trimmed {
            case "skip":
                skipsAll = skipsAll || value == "all"
                if value != "all" { skipped = Self.rules(value) }
            case "experimental":
                enablesAllExperimental = enablesAllExperimental || value == "all"
                if value != "all" { experimental = Self.rules(value) }
            case "error":
                guard let bool = GoValues.bool(value) else { throw Self.invalid(String(part)) }
                warningsAreErrors = bool
            default: throw Self.invalid(rawKey.trimmed)
            }
        }
    }

    private static func rules(_ text: String) -> Set<String> {
        Set(text.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed })
    }

    private static func invalid(_ option: String) -> DockerfileError {
        DockerfileError(
            .directive, "invalid check option \"\(option)\": they are skip=, error= and experimental=",
            highlight: option)
    }

    /// Whether a rule is on.
    public func isEnabled(_ rule: LintRule) -> Bool {
        rule.isExperimental
            ? enablesAllExperimental || experimental.contains(rule.rawValue)
            : !skipsAll && !skipped.contains(rule.rawValue)
    }

    /// The configuration for an instruction, by the first `check=` comment above it; `error` does not count there, and
    /// a wrong comment is ignored.
    public func merging(comments: [String]) -> CheckConfiguration {
        let directive = comments.lazy.compactMap { DirectiveReader.split(Array($0.utf8)[...]) }
            .first { $0.key == "check" }
        guard let words = directive?.value,
            let other = try? CheckConfiguration(parsing: String(words.prefix { $0 != " " }))
        else { return self }
        var merged = self
        merged.skipsAll = skipsAll || other.skipsAll
        merged.skipped.formUnion(other.skipped)
        merged.enablesAllExperimental = enablesAllExperimental || other.enablesAllExperimental
        merged.experimental.formUnion(other.experimental)
        return merged
    }
}
