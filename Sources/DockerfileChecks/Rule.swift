/// A rule of `replay check`. `docs/rules/NAME.md` describes it.
public struct Rule: Sendable, Hashable {
    /// Whose rule it is.
    public enum Origin: String, Sendable, Hashable {
        /// BuildKit's, with its name.
        case buildKit
        /// Only a live machine needs it.
        case machine
        /// What ends a build at once.
        case planning
    }

    /// The name, by which it can be skipped.
    public let name: String
    /// Whose rule it is.
    public let origin: Origin
    /// How bad it is.
    public let severity: Finding.Severity
    /// What the rule asks for, in one sentence.
    public let summary: String
    /// What to do about it.
    public let hint: String
    /// Whether `--fix` may repair it.
    public let isFixable: Bool

    init(
        _ name: String, _ origin: Origin, _ severity: Finding.Severity, _ summary: String, hint: String,
        isFixable: Bool = false
    ) {
        self.name = name
        self.origin = origin
        self.severity = severity
        self.summary = summary
        self.hint = hint
        self.isFixable = isFixable
    }

    init(_ name: String, _ origin: Origin, _ summary: String, hint: String, isFixable: Bool = false) {
        self.init(name, origin, .warning, summary, hint: hint, isFixable: isFixable)
    }

    /// The rule of a name; nil when there is none.
    public static func named(_ name: String) -> Rule? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// All rules, BuildKit's first.
    public static let all: [Rule] = buildKits + machines + planning

    /// What no build gets past.
    private static let planning: [Rule] = [
        Rule(
            "InvalidDockerfile", .planning, .error, "The file is a valid Dockerfile.",
            hint: "Change the instruction: a build ends here."),
        Rule(
            "UnknownBase", .planning, .error, "FROM names an image that a basemap knows.",
            hint: "Add a row for it to a table, and name the table with --basemap."),
        Rule(
            "NotReplayable", .planning, .error, "Everything that the target needs can be done on one machine.",
            hint: "This version cannot do it on a live machine."),
    ]
}
