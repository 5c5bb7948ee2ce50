internal import Basemaps
internal import DockerfileLanguage

/// The stages of a Dockerfile: what each is built on, what it copies from, and which are needed for a target.
///
/// The rules are those of BuildKit's `dockerfile2llb`: see ``init(_:options:)`` for their order, which decides what the
/// first error is.
struct StageGraph: Sendable {
    /// One stage, its FROM line expanded.
    struct Node: Sendable {
        /// The stage as parsed.
        var stage: Stage
        /// What it is built on.
        var base: Base
        /// `--platform`, or nil.
        var platform: Platform?
        /// Where each `COPY --from` takes from, by the instruction's place in the stage.
        var origins: [Int: CopyOrigin]

        /// The stage's name, or its index as text.
        var title: String { stage.name ?? String(stage.index) }
        /// The lines of FROM.
        var lines: SourceRange { stage.from.syntax.lines }
    }

    /// What a stage is built on.
    enum Base: Sendable, Hashable {
        /// `FROM scratch`
        case scratch
        /// An image.
        case image(String)
        /// An earlier stage, by index.
        case stage(Int)
    }

    /// All stages in the order of the file.
    private(set) var nodes: [Node] = []
    /// The last stage of each name: what `COPY --from=name` and `--target` mean.
    private(set) var indexByName: [String: Int] = [:]
    /// The global arguments.
    let globals: EnvironmentList
    /// The stage that is built.
    private(set) var target: Int
    /// The names of further contexts: they go before stages and images.
    let namedContexts: Set<String>
    /// Expands words with the file's escape token.
    let expander: WordExpander

    /// Expands the FROM lines, finds the target, resolves the names that COPY uses, and checks the dependencies.
    init(_ dockerfile: Dockerfile, options: PlanOptions) throws(PlanError) {
        expander = WordExpander(escapeToken: dockerfile.escapeToken)
        namedContexts = options.namedContexts
        globals = try GlobalArguments.evaluate(dockerfile, options: options, expander: expander)
        target = dockerfile.stages.count - 1
        for stage in dockerfile.stages { try append(stage, options: options) }
        if let name = options.target, !name.isEmpty {
            guard let index = index(named: name) else { throw unknownTarget(name) }
            target = index
        }
        for index in nodes.indices {
            for (place, instruction) in nodes[index].stage.instructions.enumerated() {
                nodes[index].origins[place] = try origin(of: instruction)
            }
        }
        try checkCycles()
        for node in nodes { try checkReferences(node) }
    }

    /// The stage that a name means outside of FROM: the last one in the file, whatever the name's case.
    func index(named name: String) -> Int? { indexByName[name.lowercased()] }

    /// The stages from the target down to the one that is built on an image or on nothing, the target first.
    var chain: [Int] {
        var chain = [target]
        while case .stage(let index) = nodes[chain[chain.count - 1]].base { chain.append(index) }
        return chain
    }

    /// Where an instruction takes files from; nil for all that takes none from a stage or an image.
    func origin(of instruction: Instruction) throws(PlanError) -> CopyOrigin? {
        guard case .copy(let copy) = instruction, let from = copy.from, !from.isEmpty else { return nil }
        let expanded = try planning(at: copy.syntax.lines) { () throws(DockerfileError) in
            try expander.expand(from) { _ in nil }.text
        }
        guard expanded == from else {
            throw PlanError(
                .argument,
                "--from=\(from) holds a variable, which is not possible; define a stage FROM it and name that.",
                lines: [LineRange(copy.syntax.lines)], highlight: from)
        }
        if namedContexts.contains(from.lowercased()) { return .named(from.lowercased()) }
        if let index = Int(from) {
            guard nodes.indices.contains(index) else {
                throw PlanError(
                    .stage, "There is no stage \(index): the stages are counted from 0, and there are \(nodes.count).",
                    lines: [LineRange(copy.syntax.lines)], highlight: "--from=\(from)")
            }
            return .stage(index)
        }
        return index(named: from).map { .stage($0) } ?? .image(from)
    }

    private mutating func append(_ stage: Stage, options: PlanOptions) throws(PlanError) {
        let lines = stage.from.syntax.lines
        let name = try expand(stage.baseName, at: lines)
        guard !name.isEmpty else {
            throw PlanError(
                .reference,
                "The base of the stage, \(stage.baseName), is empty. Give its variables a value with "
                    + "--build-arg, or a default with ARG before the first FROM.",
                lines: [LineRange(lines)], highlight: stage.baseName)
        }
        var platform: Platform?
        if let text = stage.platform, !text.isEmpty {
            let expanded = try expand(text, at: lines)
            guard !expanded.isEmpty else {
                throw PlanError(
                    .platform, "The platform \(text) is empty.", lines: [LineRange(lines)], highlight: text)
            }
            platform = Platform(expanded, host: options.platform)
            guard platform != nil else {
                throw PlanError(
                    .platform, "\(expanded) is no platform: it should be like linux/amd64.", lines: [LineRange(lines)],
                    highlight: text)
            }
        }
        // FROM takes names exactly as they are stored, in lower case, and sees only the stages above.
        if namedContexts.contains(name.lowercased()) {
            throw PlanError(
                .unsupported,
                "\(name) is a build context, which holds files: no machine can boot them. FROM takes an image or a stage.",
                lines: [LineRange(lines)], highlight: stage.baseName)
        }
        let base: Base = indexByName[name].map { .stage($0) } ?? (name == "scratch" ? .scratch : .image(name))
        if case .stage(let parent) = base { platform = nodes[parent].platform }
        nodes.append(Node(stage: stage, base: base, platform: platform, origins: [:]))
        if let own = stage.name { indexByName[own] = nodes.count - 1 }
    }

    private func expand(_ word: String, at lines: SourceRange) throws(PlanError) -> String {
        try planning(at: lines) { () throws(DockerfileError) in try expander.expand(word) { globals[$0] }.text }
    }

    private func checkReferences(_ node: Node) throws(PlanError) {
        if case .image(let name) = node.base { try Self.check(name, at: node.lines, word: node.stage.baseName) }
        for (place, origin) in node.origins.sorted(by: { $0.key < $1.key }) {
            guard case .image(let name) = origin else { continue }
            try Self.check(name, at: node.stage.instructions[place].lines, word: name)
        }
    }

    static func check(_ name: String, at lines: SourceRange, word: String) throws(PlanError) {
        guard let problem = ImageReference.problem(with: name) else { return }
        throw PlanError(
            .reference, "\(name) is neither a stage above nor an image reference: \(problem).",
            lines: [LineRange(lines)],
            highlight: word)
    }

    private func unknownTarget(_ name: String) -> PlanError {
        let names = nodes.compactMap(\.stage.name)
        let known = names.isEmpty ? "No stage has a name." : "There are: \(names.joined(separator: ", "))."
        return PlanError(.stage, "There is no stage \(name) to build. \(known)")
    }
}
