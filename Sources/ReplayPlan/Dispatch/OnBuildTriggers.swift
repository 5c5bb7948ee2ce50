internal import DockerfileLanguage

/// The ONBUILD triggers that fire in the reachable stages.
///
/// A trigger may need a further stage, which may have triggers of its own to be fired: hence the rounds.
struct OnBuildTriggers: Sendable {
    /// The stages that must be executed, in the order of the file.
    private(set) var reachable: [Int]
    /// The triggers that run before a stage's own instructions, in order.
    private(set) var instructions: [Int: [Instruction]] = [:]

    static func resolve(
        graph: StageGraph, image: (String) throws(PlanError) -> BaseImage
    ) throws(PlanError) -> OnBuildTriggers {
        var triggers = OnBuildTriggers(reachable: graph.reachable())
        var needed: [Int: Set<Int>] = [:]
        var done: Set<Int> = []
        while let index = triggers.reachable.first(where: { !done.contains($0) }) {
            done.insert(index)
            let node = graph.nodes[index]
            for text in try texts(for: node, graph: graph, image: image) {
                let instruction = try planning(at: node.lines) { () throws(DockerfileError) in
                    try DockerfileParser.parseTrigger(text, at: node.lines)
                }
                triggers.instructions[index, default: []].append(instruction)
                switch try graph.origin(of: instruction) {
                case .stage(let source): needed[index, default: []].insert(source)
                case .image(let name): try StageGraph.check(name, at: node.lines, word: name)
                case .context, .named, nil: break
                }
                if case .run(let run) = instruction {
                    needed[index, default: []].formUnion(run.mounts.compactMap { $0.from.flatMap(graph.index(named:)) })
                }
            }
            triggers.reachable = graph.reachable(extra: needed)
        }
        return triggers
    }

    private static func texts(
        for node: StageGraph.Node, graph: StageGraph, image: (String) throws(PlanError) -> BaseImage
    ) throws(PlanError) -> [String] {
        switch node.base {
        case .scratch: return []
        case .image(let name):
            do { return try image(name).config.onBuild } catch { throw error.located(at: node.lines) }
        case .stage(let parent):
            return graph.nodes[parent].stage.instructions.compactMap {
                if case .onbuild(let instruction) = $0 { instruction.trigger } else { nil }
            }
        }
    }
}
