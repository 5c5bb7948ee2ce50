internal import DockerfileLanguage

extension StageGraph {
    /// The stages that must be executed for the target, in the order of the file.
    ///
    /// - Parameter extra: Stages that a stage needs beyond its own instructions: for its ONBUILD triggers.
    func reachable(extra: [Int: Set<Int>] = [:]) -> [Int] {
        var found: Set<Int> = []
        var waiting = [target]
        while let index = waiting.popLast() {
            guard found.insert(index).inserted else { continue }
            if case .stage(let parent) = nodes[index].base { waiting.append(parent) }
            waiting += copiedStages(of: index)
            waiting += mountedStages(of: index)
            waiting += extra[index] ?? []
        }
        return found.sorted()
    }

    /// The stages that a stage's COPYs take from.
    private func copiedStages(of index: Int) -> [Int] {
        nodes[index].origins.sorted { $0.key < $1.key }.compactMap { $0.value.stage }
    }

    /// The stages that a stage's RUNs mount.
    private func mountedStages(of index: Int) -> [Int] {
        nodes[index].stage.instructions.flatMap { instruction -> [Int] in
            guard case .run(let run) = instruction else { return [] }
            return run.mounts.compactMap { $0.from.flatMap(self.index(named:)) }
        }
    }

    /// As in BuildKit a stage may not copy from itself, or from one that copies from it, even when nobody needs them.
    /// FROM cannot make a cycle, as it sees only what stands above.
    func checkCycles() throws(PlanError) {
        var visited: Set<Int> = []
        for start in nodes.indices {
            var path: [Int] = []
            var lines: [SourceRange] = []
            guard let cycle = cycle(from: start, path: &path, lines: &lines, visited: &visited) else { continue }
            throw PlanError(
                .stage, "The stage \(nodes[start].title) depends on itself.", lines: cycle.map(LineRange.init))
        }
    }

    /// The lines of the instructions that lead back to a stage of the path; nil when there is no way back.
    private func cycle(
        from index: Int, path: inout [Int], lines: inout [SourceRange], visited: inout Set<Int>
    ) -> [SourceRange]? {
        guard visited.insert(index).inserted else { return nil }
        path.append(index)
        defer { path.removeLast() }
        for (place, instruction) in nodes[index].stage.instructions.enumerated() {
            var targets: [Int] = []
            if let stage = nodes[index].origins[place]?.stage { targets.append(stage) }
            if case .run(let run) = instruction {
                targets += run.mounts.compactMap { $0.from.flatMap(self.index(named:)) }
            }
            for target in targets {
                lines.append(instruction.lines)
                defer { lines.removeLast() }
                if path.contains(target) { return lines }
                if let found = cycle(from: target, path: &path, lines: &lines, visited: &visited) { return found }
            }
        }
        return nil
    }
}
