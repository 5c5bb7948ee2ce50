/// Expands variables and removes quotes and escapes in the words of a Dockerfile, as BuildKit does.
///
/// Known are `$name`, `${name}` and `${name` with `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/p/r}` `//p/r}`.
/// A value is what the lookup answers: nil means that the name is not set.
public struct WordExpander: Sendable, Hashable {
    /// What escapes a character.
    public var escapeToken: EscapeToken
    /// Quotes stay in the result (they still hold words together).
    public var keepsQuotes = false
    /// Escape tokens stay in the result.
    public var keepsEscapes = false
    /// Quotes are ordinary characters: how heredoc bodies are expanded.
    public var ignoresQuotes = false
    /// A reference to a name that is not set stays as it is.
    public var keepsUnset = false
    /// By how many bytes a result may be longer than its input: `ENV A=$A$A`, repeated, grows without end.
    public var maximumGrowth = 1 << 20
    /// How many bytes may be handled on the way to a result: nested modifiers can make long values and throw them away.
    public var maximumEffort = 4 << 20

    /// Makes an expander with BuildKit's usual rules.
    public init(escapeToken: EscapeToken = .backslash) { self.escapeToken = escapeToken }

    /// The expander for the bodies of COPY's and ADD's heredocs: `\` escapes whatever the file's token is, quotes stay.
    public static var heredocBodies: WordExpander {
        var expander = WordExpander(escapeToken: .backslash)
        expander.ignoresQuotes = true
        return expander
    }

    /// Expands a word. Spaces in values stay: the result is one word.
    ///
    /// - Throws: ``DockerfileError`` without lines: the caller adds those of the instruction.
    public func expand(
        _ word: String, lookup: (String) -> String?
    ) throws(DockerfileError) -> ExpandedWord {
        var effort = 0
        return try expand(word, effort: &effort, lookup: lookup)
    }

    /// Expands a word, and adds to a sum how many bytes were handled for it: what many words cost together.
    public func expand(
        _ word: String, effort: inout Int, lookup: (String) -> String?
    ) throws(DockerfileError) -> ExpandedWord {
        if word.utf8.isPlain(escape: escapeToken.byte) { return ExpandedWord(text: word) }
        return try withoutActuallyEscaping(lookup) { (lookup) throws(DockerfileError) -> ExpandedWord in
            var lexer = WordLexer(word, rules: self, lookup: lookup)
            let text = try lexer.run().text
            effort += lexer.effort
            return ExpandedWord(text: text, matched: lexer.matched, unmatched: lexer.unmatched)
        }
    }

    /// Splits a text into words and expands them. What a variable outside quotes holds is split again (EXPOSE).
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public func words(_ text: String, lookup: (String) -> String?) throws(DockerfileError) -> [String] {
        try withoutActuallyEscaping(lookup) { (lookup) throws(DockerfileError) -> [String] in
            var lexer = WordLexer(text, rules: self, lookup: lookup)
            return try lexer.run().words
        }
    }
}

/// What a word became, and which names decided it.
public struct ExpandedWord: Sendable, Hashable {
    /// The word.
    public var text: String
    /// The names that were looked up and are set.
    public var matched: Set<String>
    /// The names that were looked up and are not set.
    public var unmatched: Set<String>

    /// Makes a result.
    public init(text: String, matched: Set<String> = [], unmatched: Set<String> = []) {
        self.text = text
        self.matched = matched
        self.unmatched = unmatched
    }
}

extension String.UTF8View {
    /// Whether no byte has a meaning for the lexer: most words are like that.
    fileprivate func isPlain(escape: UInt8) -> Bool {
        allSatisfy {
            $0 != Byte.dollar && $0 != escape && $0 != Byte.singleQuote && $0 != Byte.doubleQuote && $0 < 0x80
        }
    }
}
