/// One pass over one word. Nested `${…}` recurse.
struct WordLexer {
    /// How deep `${…}` may stand in `${…}`.
    static let maximumNesting = 200

    private let source: String
    let input: [UInt8]
    var position = 0
    let rules: WordExpander
    private let lookup: (String) -> String?
    /// The rule of the text that is being read: it changes inside patterns.
    var keepsEscapes: Bool
    var depth = 0
    /// How many bytes were handled on the way to the result, which may be much shorter.
    private(set) var effort = 0
    private(set) var matched: Set<String> = []
    private(set) var unmatched: Set<String> = []

    init(_ source: String, rules: WordExpander, lookup: @escaping (String) -> String?) {
        self.source = source
        self.rules = rules
        self.lookup = lookup
        input = Array(source.utf8)
        keepsEscapes = rules.keepsEscapes
        // Go's scanner drops a byte-order mark at the start of whatever it reads.
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// Reads all of the word.
    mutating func run() throws(DockerfileError) -> (text: String, words: [String]) {
        do {
            let result = try read(until: nil, keepsEscapes: rules.keepsEscapes)
            return (String(decoding: result.text, as: UTF8.self), result.finishedWords)
        } catch {
            let shown = source.utf8.count > 200 ? String(source.prefix(200)) + "…" : source
            throw DockerfileError(error.code, "cannot expand \"\(shown)\": \(error.message)", highlight: source)
        }
    }

    /// Notes work, and ends it when it is more than a word is worth: values that are made long and thrown away again, over and
    /// over, have short results.
    mutating func spend(_ bytes: Int) throws(DockerfileError) {
        effort += bytes
        guard effort <= input.count + rules.maximumEffort else { throw WordBuffer.tooLong }
    }

    var peek: UInt8? { position < input.count ? input[position] : nil }

    var isAtEnd: Bool { position >= input.count }

    mutating func next() -> UInt8? {
        guard let byte = peek else { return nil }
        position += 1
        return byte
    }

    /// Takes one scalar's bytes.
    private mutating func nextScalar() -> ArraySlice<UInt8> {
        let length = input.scalar(at: position).length
        defer { position += length }
        return input[position..<(position + length)]
    }

    /// Reads up to a byte, which is taken, or up to the end where there is none.
    mutating func read(until stop: UInt8?, keepsEscapes: Bool) throws(DockerfileError) -> WordBuffer {
        let outer = self.keepsEscapes
        self.keepsEscapes = keepsEscapes
        depth += 1
        defer {
            self.keepsEscapes = outer
            depth -= 1
        }
        guard depth <= Self.maximumNesting else {
            throw DockerfileError(.limit, "${} is nested more than \(Self.maximumNesting) deep")
        }
        var buffer = WordBuffer(limit: input.count + rules.maximumGrowth)
        while let byte = peek {
            if byte == stop {
                position += 1
                return buffer
            }
            switch byte {
            case Byte.dollar:
                let value = try dollar()
                try spend(value.count)
                try buffer.appendSplitting(value)
            case Byte.less:
                try buffer.append(heredocMark()[...])
            case Byte.singleQuote where !rules.ignoresQuotes:
                try buffer.append(try singleQuoted()[...])
            case Byte.doubleQuote where !rules.ignoresQuotes:
                try buffer.append(try doubleQuoted()[...])
            case rules.escapeToken.byte:
                position += 1
                if self.keepsEscapes { try buffer.append([byte]) }
                if isAtEnd { return try finish(buffer, stop) }
                try buffer.append(nextScalar())
            default:
                try buffer.appendSplitting(nextScalar())
            }
        }
        return try finish(buffer, stop)
    }

    private func finish(_ buffer: WordBuffer, _ stop: UInt8?) throws(DockerfileError) -> WordBuffer {
        guard let stop else { return buffer }
        throw DockerfileError(.expansion, "the text ends before '\(Unicode.Scalar(stop))'")
    }

    private mutating func singleQuoted() throws(DockerfileError) -> [UInt8] {
        let start = position
        position += 1
        while let byte = next() {
            guard byte == Byte.singleQuote else { continue }
            return Array(rules.keepsQuotes ? input[start..<position] : input[(start + 1)..<(position - 1)])
        }
        throw DockerfileError(.expansion, "a single quote is not closed")
    }

    private mutating func doubleQuoted() throws(DockerfileError) -> [UInt8] {
        position += 1
        var result: [UInt8] = rules.keepsQuotes ? [Byte.doubleQuote] : []
        while let byte = peek {
            switch byte {
            case Byte.doubleQuote:
                position += 1
                if rules.keepsQuotes { result.append(byte) }
                return result
            case Byte.dollar:
                let value = try dollar()
                try spend(value.count)
                result += value
                guard result.count <= input.count + rules.maximumGrowth else { throw WordBuffer.tooLong }
            case rules.escapeToken.byte:
                position += 1
                if keepsEscapes { result.append(byte) }
                switch peek {
                case Byte.doubleQuote?, Byte.dollar?, rules.escapeToken.byte?: result.append(input[position])
                case nil: continue
                default:
                    result.append(byte)
                    continue
                }
                position += 1
            default:
                result.append(byte)
                position += 1
            }
        }
        throw DockerfileError(.expansion, "a double quote is not closed")
    }

    /// `<<` takes the blanks after it along, so that `<< EOF` is one word.
    private mutating func heredocMark() -> [UInt8] {
        let start = position
        position += 1
        guard peek == Byte.less else { return [Byte.less] }
        position += 1
        while let byte = peek, byte == Byte.space || byte == Byte.tab || byte == Byte.carriageReturn { position += 1 }
        return Array(input[start..<position])
    }

    /// Asks for a value and notes the answer.
    mutating func value(of name: String) -> String? {
        let value = lookup(name)
        if value != nil { matched.insert(name) } else { unmatched.insert(name) }
        return value
    }
}

/// The result of a lexer's level, as one text and as words.
struct WordBuffer {
    static let tooLong = DockerfileError(
        .limit, "the result is too long; a variable that holds itself several times grows with every use")

    private(set) var text: [UInt8] = []
    private let limit: Int
    private var words: [String] = []
    private var word: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// The words with the last one; an empty one does not count.
    var finishedWords: [String] { word.isEmpty ? words : words + [String(decoding: word, as: UTF8.self)] }

    /// Appends text that is not split at spaces.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws(DockerfileError) {
        text += bytes
        word += bytes
        guard text.count <= limit else { throw Self.tooLong }
    }

    /// Appends text whose spaces separate words.
    mutating func appendSplitting(_ bytes: some Collection<UInt8> & RandomAccessCollection) throws(DockerfileError) {
        let bytes = Array(bytes)
        text += bytes
        guard text.count <= limit else { throw Self.tooLong }
        var position = 0
        while position < bytes.count {
            let length = bytes.spaceLength(at: position)
            if length > 0 {
                if !word.isEmpty {
                    words.append(String(decoding: word, as: UTF8.self))
                    word.removeAll(keepingCapacity: true)
                }
                position += length
            } else {
                word.append(bytes[position])
                position += 1
            }
        }
    }
}
