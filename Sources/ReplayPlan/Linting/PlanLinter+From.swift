internal import Basemaps
internal import DockerfileLanguage

extension PlanLinter {
    /// The rules about FROM lines, also those of stages that are not needed.
    mutating func checkFrom(_ dockerfile: Dockerfile, graph: StageGraph, options: PlanOptions) {
        checkDefaults(dockerfile, graph: graph, options: options)
        let declared = Set(
            graph.globals.variables.map(\.name)
                + dockerfile.globalArguments.flatMap { $0.arguments.map(\.name) })
        for stage in dockerfile.stages {
            reportUndeclared(stage.baseName, of: stage, declared: declared, graph: graph)
            if let platform = stage.platform { check(platform, of: stage, declared: declared, graph: graph) }
        }
    }

    /// Every base must be a reference when no build argument is given.
    private mutating func checkDefaults(_ dockerfile: Dockerfile, graph: StageGraph, options: PlanOptions) {
        guard let defaults = try? GlobalArguments.defaults(dockerfile, options: options, expander: graph.expander)
        else {
            return
        }
        for stage in dockerfile.stages {
            guard let name = try? graph.expander.expand(stage.baseName, lookup: { defaults[$0] }).text else { return }
            guard ImageReference.problem(with: name) != nil else { continue }
            warn(
                .invalidDefaultArgInFrom, stage.from.syntax,
                "with the arguments' defaults, \(stage.baseName) is no valid name of a base")
        }
    }

    private mutating func reportUndeclared(_ word: String, of stage: Stage, declared: Set<String>, graph: StageGraph) {
        guard let expanded = try? graph.expander.expand(word, lookup: { graph.globals[$0] }) else { return }
        for name in expanded.unmatched.subtracting(declared).sorted() {
            let hint = Suggestion.text(for: name, among: declared.sorted())
            warn(.undefinedArgInFrom, stage.from.syntax, "the argument '\(name)' of FROM is not declared\(hint)")
        }
    }

    private mutating func check(_ platform: String, of stage: Stage, declared: Set<String>, graph: StageGraph) {
        reportUndeclared(platform, of: stage, declared: declared, graph: graph)
        guard let word = try? graph.expander.expand(platform, lookup: { graph.globals[$0] }) else { return }
        if word.matched == ["TARGETPLATFORM"], word.unmatched.isEmpty, word.text == graph.globals["TARGETPLATFORM"] {
            warn(
                .redundantTargetPlatform, stage.from.syntax,
                "--platform=\(platform) is the default and can be left out")
        }
        guard word.matched.isEmpty, word.unmatched.isEmpty,
            let constant = Platform(word.text, host: Platform(architecture: ""))
        else { return }
        let name = stage.name ?? ""
        guard !name.contains(constant.system), !name.contains(constant.architecture) else { return }
        warn(
            .fromPlatformFlagConstDisallowed, stage.from.syntax,
            "--platform should not be the constant \(word.text), unless the stage is named after it")
    }
}
