extension SyntaxNode {
    /// How deep ONBUILD may stand in ONBUILD before the parser refuses; even two levels are an error later.
    private static let maximumNesting = 32

    /// Splits a logical line into name, flags and arguments, each instruction in its own way.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    init(
        line: Bytes, escape: EscapeToken, comments: [String] = [], depth: Int = 0
    ) throws(DockerfileError) {
        guard depth < Self.maximumNesting else {
            throw DockerfileError(.limit, "ONBUILD is nested more than \(Self.maximumNesting) deep")
        }
        let (name, tail) = WordSplitting.atFirstSpace(line.trimmed)
        let (flags, rest) = FlagSplitting.takeFlags(from: tail ?? [], escape: escape.byte)
        self.init(
            name: name.text, flags: flags, arguments: [], trigger: [], isJSON: false, original: line.text, range: nil,
            comments: comments, heredocs: [])
        try split(rest.trimmed, escape: escape, depth: depth)
    }

    private mutating func split(_ text: Bytes, escape: EscapeToken, depth: Int) throws(DockerfileError) {
        switch Keyword(name) {
        case .maintainer, .stopsignal, .user, .workdir:
            arguments = text.isEmpty ? [] : [text.text]
        case .from, .expose:
            arguments = WordSplitting.onSpaces(text)
        case .run, .cmd, .entrypoint, .shell:
            try splitJSON(text) { $0.isEmpty ? [] : [$0.text] }
        case .add, .copy, .volume:
            try splitJSON(text, otherwise: WordSplitting.onSpaces)
        case .env, .label:
            arguments = try pairs(text, escape: escape)
        case .arg:
            arguments = WordSplitting.honouringQuotes(text, escape: escape.byte)
        case .onbuild:
            guard !text.isEmpty else { return }
            trigger = [try SyntaxNode(line: text, escape: escape, depth: depth + 1)]
        case .healthcheck:
            try splitHealthcheck(text)
        case nil:
            // The checks name the unknown instruction; its arguments have no form.
            arguments = [""]
        }
    }

    private mutating func splitJSON(
        _ text: Bytes, otherwise: (Bytes) -> [String]
    ) throws(DockerfileError) {
        switch JSONStringArray.read(text) {
        case .strings(let strings):
            arguments += strings
            isJSON = true
        case .mixed:
            throw DockerfileError(.syntax, "a JSON array of arguments must have strings only", highlight: text.text)
        case .notAnArray:
            arguments += otherwise(text)
        }
    }

    private mutating func splitHealthcheck(_ text: Bytes) throws(DockerfileError) {
        guard !text.isEmpty else { return }
        var end = text.startIndex
        while end < text.endIndex, text.spaceLength(at: end) == 0 { end += 1 }
        arguments = [text[..<end].text]
        try splitJSON(text[end...].trimmingLeadingSpace) { $0.isEmpty ? [] : [$0.text] }
    }

    /// ENV and LABEL: `name=value …`, or the old `name value` whose value is the rest of the line.
    private func pairs(_ text: Bytes, escape: EscapeToken) throws(DockerfileError) -> [String] {
        let words = WordSplitting.honouringQuotes(text, escape: escape.byte)
        guard let first = words.first else { return [] }
        guard first.utf8.contains(Byte.equals) else {
            let (key, value) = WordSplitting.atFirstSpace(text)
            guard let value else {
                throw DockerfileError(.syntax, "\(name.asciiUppercased) must have two arguments", highlight: first)
            }
            return [key.text, value.text, ""]
        }
        var result: [String] = []
        for word in words {
            let (name, value) = word.splitAtEquals
            guard let value else {
                throw DockerfileError(
                    .syntax, "there is no = in \"\(word)\"; it must have the form name=value", highlight: word)
            }
            result += [name, value, "="]
        }
        return result
    }

    /// Whether `<<` has a meaning: RUN, COPY and ADD, also behind one ONBUILD, but not in JSON form.
    var canHaveHeredocs: Bool {
        let node = Keyword(name) == .onbuild ? trigger.first ?? self : self
        switch Keyword(node.name) {
        case .add, .copy, .run: return !node.isJSON
        default: return false
        }
    }
}
