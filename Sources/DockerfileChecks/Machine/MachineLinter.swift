internal import Basemaps
internal import DockerfileLanguage
internal import ReplayPlan

/// The rules that only a live machine needs: what works in a container and is not meant on a machine.
///
/// They look at what runs on the machine: the stages that the target is built on. What a RUN does is read from its text,
/// so the rules know what is written, not what happens.
struct MachineLinter {
    /// A RUN on the machine, read.
    typealias Run = (entry: Survey.Entry, commands: [ShellCommand])

    let survey: Survey
    /// ID of os-release of the base; nil when it is not known.
    let distribution: String?
    /// What runs on the machine, in order.
    let entries: [Survey.Entry]
    /// The commands of each of them; none but for RUN.
    let commands: [[ShellCommand]]
    /// The RUNs among them.
    var runs: [Run] { zip(entries, commands).filter { !$1.isEmpty } }
    private(set) var findings: [Finding] = []
    private var seen: Set<Finding> = []
    /// How many findings each rule has had for an instruction, by rule and first line.
    private var counts: [String: [Int: Int]] = [:]
    /// The most findings of a rule for one instruction: more would not help, and take long to tell.
    private static let maximumCount = 20

    /// All findings, in the order of the rules.
    static func findings(in survey: Survey, distribution: String?) -> [Finding] {
        var linter = MachineLinter(survey, distribution: distribution)
        linter.checkAccess()
        linter.checkPackages()
        linter.checkIdentifiers()
        linter.checkPaths()
        linter.checkServices()
        linter.checkSurroundings()
        linter.checkValues()
        return linter.findings
    }

    private init(_ survey: Survey, distribution: String?) {
        self.survey = survey
        self.distribution = distribution
        let chain = Set(survey.chain)
        entries = survey.entries.filter { chain.contains($0.stage) }
        commands = entries.map { entry in
            guard case .run(let action) = entry.action else { return [] }
            return Self.commands(of: action)
        }
    }

    /// The commands of a RUN, those of a heredoc script included.
    private static func commands(of action: RunAction) -> [ShellCommand] {
        let variables = Dictionary(action.environment.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        if let script = action.scripts.first {
            let interpreter = script.content.prefix { $0 != "\n" }
            guard interpreter.hasSuffix("sh") else { return [] }
            return ShellScript(script.content, variables: variables).commands
        }
        return ShellScript(arguments: action.arguments, variables: variables).commands
    }

    /// Adds a finding, unless a `check=` comment above the instruction or at the top of the file turns the rule off.
    mutating func warn(_ rule: Rule, _ entry: Survey.Entry, _ message: String, highlight: String? = nil) {
        let syntax = entry.instruction.syntax
        guard survey.configuration.merging(comments: syntax.comments).isEnabled(LintRule(rawValue: rule.name)) else {
            return
        }
        let finding = Finding(
            rule: rule.name, severity: rule.severity, lines: syntax.lines, message: message, hint: rule.hint,
            highlight: highlight)
        guard counts[rule.name, default: [:]][syntax.lines.first, default: 0] < Self.maximumCount,
            seen.insert(finding).inserted
        else { return }
        counts[rule.name, default: [:]][syntax.lines.first, default: 0] += 1
        findings.append(finding)
    }

    /// Calls a body for every command of every RUN.
    mutating func forEachCommand(_ body: (inout MachineLinter, Survey.Entry, ShellCommand) -> Void) {
        for run in runs {
            for command in run.commands { body(&self, run.entry, command) }
        }
    }
}

extension ShellCommand {
    /// The files that the command writes or makes, as far as its name tells.
    var writtenPaths: [ShellWord] {
        var paths = outputs
        switch name {
        case "cp", "mv", "ln": if operands.count > 1, let target = operands.last { paths.append(target) }
        case "install": if let target = operands.last { paths.append(target) }
        case "tee", "touch", "mkdir", "truncate": paths += operands
        case "sed", "perl": if has(option: "-i", "--in-place") { paths += operands.dropFirst() }
        case "curl": if let target = value(of: "-o", "--output") { paths.append(target) }
        case "wget": if let target = value(of: "-O", "--output-document") { paths.append(target) }
        default: break
        }
        return paths.filter { $0.value.hasPrefix("/") && !$0.value.hasPrefix("/dev/null") }
    }
}
