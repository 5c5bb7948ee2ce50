internal import DockerfileLanguage

/// Collects what the lint rules find: those of the file alone, and those that need values of variables, platforms, the
/// base or the context.
///
/// The rules and their conditions are BuildKit's; the wording is our own.
struct PlanLinter: Sendable {
    /// Which rules are on.
    let configuration: CheckConfiguration
    /// What was found so far.
    private(set) var warnings: [PlanWarning] = []

    /// Begins with what the file alone tells.
    ///
    /// The build argument `BUILDKIT_DOCKERFILE_CHECK` stands in for the `check` directive.
    /// - Throws: ``PlanError`` when one of them is not valid.
    init(_ dockerfile: Dockerfile, options: PlanOptions) throws(PlanError) {
        let directive = dockerfile.directives.check
        let given = options.buildArguments["BUILDKIT_DOCKERFILE_CHECK"]
        do {
            configuration = try CheckConfiguration(parsing: given ?? directive?.text ?? "")
        } catch {
            throw PlanError(error, at: given == nil ? directive.map { SourceRange(line: $0.line) } : nil)
        }
        warnings = DockerfileLinter.warnings(in: dockerfile, configuration: configuration).map {
            PlanWarning(rule: $0.rule, lines: LineRange($0.range), message: $0.message)
        }
        checkFrontend(of: dockerfile, options: options)
    }

    /// Adds a warning when the rule is on for this instruction.
    /// - Parameter reader: The instruction whose `# check=` comment counts, when it is not the one that is named.
    mutating func warn(
        _ rule: LintRule, _ syntax: InstructionSyntax, _ message: String,
        readingCommentsOf reader: InstructionSyntax? = nil
    ) {
        guard configuration.merging(comments: (reader ?? syntax).comments).isEnabled(rule) else { return }
        warnings.append(PlanWarning(rule: rule.rawValue, lines: LineRange(syntax.lines), message: message))
    }

    /// Ends the build when a warning is an error (`check=error=true`).
    /// - Throws: ``PlanError`` with the code `lint`.
    func checkSeverity() throws(PlanError) {
        let found = warnings.filter { LintRule(rawValue: $0.rule) != .foreignFrontend }
        guard configuration.warningsAreErrors, !found.isEmpty else { return }
        let list = found.map { "\($0.rule)\($0.lines.map { " (line \($0.first))" } ?? "")" }
        throw PlanError(
            .lint, "check=error=true makes these warnings errors: \(list.joined(separator: ", ")).",
            lines: found.compactMap(\.lines))
    }

    /// A `# syntax=` line asks BuildKit to run another front end, as an image; this one is built in.
    private mutating func checkFrontend(of dockerfile: Dockerfile, options: PlanOptions) {
        let directive = dockerfile.directives.syntax
        let given = options.buildArguments["BUILDKIT_SYNTAX"]
        guard let name = given ?? directive?.firstWord, !name.isEmpty, !Self.isOurs(name) else { return }
        let lines = given == nil ? directive.map { LineRange(first: $0.line, last: $0.line) } : nil
        warnings.append(
            PlanWarning(
                rule: LintRule.foreignFrontend.rawValue, lines: lines,
                message: "the syntax \(name) is another front end, which is not run: the file is read as a Dockerfile"))
    }

    private static func isOurs(_ name: String) -> Bool {
        var path = name.prefix { $0 != "@" }
        if let slash = path.lastIndex(of: "/"), let colon = path[slash...].firstIndex(of: ":") { path = path[..<colon] }
        if path.hasPrefix("docker.io/") { path = path.dropFirst("docker.io/".count) }
        return ["docker/dockerfile", "docker/dockerfile-upstream", "dockerfile.v0"].contains(path)
    }
}

extension LintRule {
    /// `# syntax=` names a front end that is not Docker's. Not a rule of BuildKit, which would run it.
    static let foreignFrontend = LintRule(rawValue: "ForeignFrontend")
}
