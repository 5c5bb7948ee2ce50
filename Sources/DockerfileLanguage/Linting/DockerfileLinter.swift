/// The lint rules that need nothing but the file, in BuildKit's order: those of the parser, those of single
/// instructions, those of stage names, those of casing. The planner has the rules that need values.
public struct DockerfileLinter {
    private let configuration: CheckConfiguration
    private var warnings: [DockerfileWarning] = []

    private init(_ configuration: CheckConfiguration) { self.configuration = configuration }

    /// Checks a file, also the stages that a build would not reach.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - configuration: what the `check` directive or the build argument says.
    public static func warnings(
        in file: Dockerfile, configuration: CheckConfiguration
    ) -> [DockerfileWarning] {
        var linter = DockerfileLinter(configuration)
        for warning in file.warnings where configuration.isEnabled(LintRule(rawValue: warning.rule)) {
            linter.warnings.append(warning)
        }
        file.globalArguments.forEach { linter.checkDescription("ARG", $0.arguments.map(\.name), $0.syntax) }
        for stage in file.stages {
            linter.checkFrom(stage.from)
            stage.instructions.forEach { linter.check($0) }
        }
        linter.checkStageNames(file.stages)
        linter.checkCasing(file.stages)
        return linter.warnings
    }

    private mutating func warn(
        _ rule: LintRule, _ syntax: InstructionSyntax, _ message: String, readingComments: Bool = true
    ) {
        let configuration = readingComments ? configuration.merging(comments: syntax.comments) : configuration
        guard configuration.isEnabled(rule) else { return }
        warnings.append(DockerfileWarning(rule: rule.rawValue, range: syntax.lines, message: message))
    }

    private mutating func checkFrom(_ from: FromInstruction) {
        if let name = from.nameAsWritten, name != name.lowercased() {
            warn(.stageNameCasing, from.syntax, "the stage name '\(name)' should be in lower case")
        }
        if let keyword = from.asKeyword, let isLower = Self.isLowercase(from.syntax.keyword),
            keyword != (isLower ? keyword.lowercased() : keyword.uppercased())
        {
            warn(
                .fromAsCasing, from.syntax, "'\(keyword)' and '\(from.syntax.keyword)' are not written in the same case"
            )
        }
        if let name = from.name { checkDescription("FROM", [name], from.syntax) }
    }

    private mutating func check(_ instruction: Instruction) {
        switch instruction {
        case .maintainer(let maintainer):
            warn(.maintainerDeprecated, maintainer.syntax, "MAINTAINER is deprecated: use LABEL maintainer=…")
        case .arg(let arg):
            checkDescription("ARG", arg.arguments.map(\.name), arg.syntax)
        default: break
        }
    }

    /// The last comment line above must begin with a name.
    private mutating func checkDescription(_ keyword: String, _ names: [String], _ syntax: InstructionSyntax) {
        guard let comment = syntax.comments.last, let example = names.first else { return }
        if names.contains(String(comment.prefix { $0 != " " })) { return }
        let name = names.count > 1 ? "<name>" : example
        warn(
            .invalidDefinitionDescription, syntax,
            "the comment above \(keyword) should have the form: # \(name) <description>")
    }

    private mutating func checkStageNames(_ stages: [Stage]) {
        var seen: Set<String> = []
        for stage in stages {
            guard let name = stage.name else { continue }
            if name == "scratch" || name == "context" {
                warn(
                    .reservedStageName, stage.from.syntax, "the stage name \"\(name)\" is reserved",
                    readingComments: false)
            }
            if !seen.insert(name).inserted {
                warn(
                    .duplicateStageName, stage.from.syntax, "the stage name \"\(name)\" stands more than once",
                    readingComments: false)
            }
        }
    }

    /// Whether most instructions are in lower case.
    public static func prefersLowercase(_ stages: [Stage]) -> Bool {
        let all = stages.flatMap { [$0.from.syntax] + $0.instructions.map(\.syntax) }
        return all.count { isLowercase($0.keyword) == true } > all.count { isLowercase($0.keyword) == false }
    }

    /// All instructions in the case of most; upper case when there is no majority.
    private mutating func checkCasing(_ stages: [Stage]) {
        let all = stages.flatMap { [$0.from.syntax] + $0.instructions.map(\.syntax) }
        let isMajorityLower = Self.prefersLowercase(stages)
        for syntax in all where Self.isLowercase(syntax.keyword) != isMajorityLower {
            warn(
                .consistentInstructionCasing, syntax,
                "'\(syntax.keyword)' should be in \(isMajorityLower ? "lower" : "upper") case, as most instructions are",
                readingComments: false)
        }
    }

    /// Nil for a word in mixed case.
    private static func isLowercase(_ word: String) -> Bool? {
        if word == word.lowercased() { return true }
        return word == word.uppercased() ? false : nil
    }
}
