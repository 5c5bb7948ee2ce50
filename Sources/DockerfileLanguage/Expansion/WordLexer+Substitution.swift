extension WordLexer {
    /// Reads what begins with `$` and answers its value. A `$` that begins nothing is itself.
    mutating func dollar() throws(DockerfileError) -> [UInt8] {
        position += 1
        guard peek == Byte.openBrace else {
            let name = readName()
            if name.isEmpty { return [Byte.dollar] }
            guard let value = value(of: name) else { return rules.keepsUnset ? Array("$\(name)".utf8) : [] }
            return Array(value.utf8)
        }
        position += 1
        switch peek {
        case nil: throw Self.missingBrace
        case Byte.openBrace?, Byte.closeBrace?, Byte.colon?:
            throw DockerfileError(.expansion, "bad substitution: ${ is not followed by a name")
        default: break
        }
        let name = readName()
        guard let modifier = next() else { throw Self.missingBrace }
        switch modifier {
        case Byte.closeBrace:
            guard let value = value(of: name) else { return rules.keepsUnset ? Array("${\(name)}".utf8) : [] }
            return Array(value.utf8)
        case Byte.colon:
            guard let second = next() else { throw Self.missingBrace }
            return try modified(name, by: second, emptyCounts: true)
        case Byte.plus, Byte.dash, Byte.question, Byte.hash, Byte.percent:
            return try modified(name, by: modifier, emptyCounts: false)
        case Byte.slash:
            return try replaced(name)
        default:
            throw Self.unsupported([modifier])
        }
    }

    /// A comparison of a pattern's is cheaper than a byte that is copied through all levels.
    private static let comparisonsPerByte = 4

    private static let missingBrace = DockerfileError(.expansion, "missing '}' after ${")

    private static func unsupported(_ modifier: [UInt8]) -> DockerfileError {
        let text = String(decoding: modifier, as: UTF8.self)
        return DockerfileError(.expansion, "unsupported modifier (\(text)) in ${}")
    }

    /// Letters, digits and `_`; a leading digit takes digits only; one of `@*#?-$!0` is a name of its own.
    private mutating func readName() -> String {
        let start = position
        var isFirst = true
        var onlyDigits = false
        while position < input.count {
            let (scalar, length) = input.scalar(at: position)
            if isFirst {
                onlyDigits = scalar.isGoDigit
                if !onlyDigits, "@*#?-$!".unicodeScalars.contains(scalar) {
                    position += length
                    break
                }
                isFirst = false
            }
            guard scalar.isGoDigit || !onlyDigits && (scalar.isGoLetter || scalar == "_") else { break }
            position += length
        }
        return input[start..<position].text
    }

    /// `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%`. `emptyCounts`: there was a colon, empty is as good as unset.
    private mutating func modified(
        _ name: String, by modifier: UInt8, emptyCounts: Bool
    ) throws(DockerfileError) -> [UInt8] {
        let isPattern = modifier == Byte.hash || modifier == Byte.percent
        let spelling = emptyCounts ? [Byte.colon, modifier] : [modifier]
        if isPattern, emptyCounts { throw Self.unsupported(spelling) }
        // The word is expanded even where it is not used: an error in it is always one.
        let word: [UInt8]
        do {
            word = try read(until: Byte.closeBrace, keepsEscapes: isPattern).text
        } catch {
            throw isAtEnd && error.code == .expansion ? Self.missingBrace : error
        }
        let value = value(of: name).map { Array($0.utf8) }
        if value == nil, rules.keepsUnset {
            return Array("${\(name)".utf8) + spelling + word + [Byte.closeBrace]
        }
        let usable = emptyCounts && value?.isEmpty == true ? nil : value
        switch modifier {
        case Byte.dash: return usable ?? word
        case Byte.plus: return usable == nil ? [] : word
        case Byte.question:
            if let usable { return usable }
            let reason = value == nil ? "is not allowed to be unset" : "is not allowed to be empty"
            throw DockerfileError(.expansion, "\(name): \(word.isEmpty ? reason : word[...].text)")
        case Byte.hash, Byte.percent:
            try spend((value?.count ?? 0) * (word.count + 1) / Self.comparisonsPerByte)
            return try trimmed(value ?? [], by: word, atEnd: modifier == Byte.percent)
        default: throw Self.unsupported(spelling)
        }
    }

    /// `${name#p}` and `${name%p}`; the modifier twice takes the longest match.
    private func trimmed(_ value: [UInt8], by word: [UInt8], atEnd: Bool) throws(DockerfileError) -> [UInt8] {
        let longest = word.first == (atEnd ? Byte.percent : Byte.hash)
        let pattern = (longest ? word.dropFirst() : word[...]).scalars
        let rest =
            atEnd
            ? try ShellPattern.removingSuffix(pattern, of: value[...].scalars, longest: longest)
            : try ShellPattern(pattern, longest: longest).removingPrefix(of: value[...].scalars)
        return Array(String(rest).utf8)
    }

    /// `${name/pattern/replacement}` and `${name//pattern/replacement}`.
    private mutating func replaced(_ name: String) throws(DockerfileError) -> [UInt8] {
        let all = peek == Byte.slash
        if all { position += 1 }
        let pattern: [UInt8]
        let replacement: [UInt8]
        do {
            pattern = try read(until: Byte.slash, keepsEscapes: true).text
        } catch {
            guard isAtEnd, error.code == .expansion else { throw error }
            throw DockerfileError(.expansion, "missing '/' in ${name/pattern/replacement}")
        }
        do {
            replacement = try read(until: Byte.closeBrace, keepsEscapes: true).text
        } catch {
            throw isAtEnd && error.code == .expansion ? Self.missingBrace : error
        }
        let value = value(of: name).map { Array($0.utf8) }
        if value == nil, rules.keepsUnset {
            let slash = [Byte.slash]
            return Array("${\(name)".utf8) + slash + pattern + slash + replacement + [Byte.closeBrace]
        }
        try spend((value?.count ?? 0) * (pattern.count + 1) / Self.comparisonsPerByte)
        let compiled = try ShellPattern(pattern[...].scalars, longest: true)
        let substitution = PatternSubstitution(
            pattern: compiled, replacement: replacement[...].scalars, limit: input.count + rules.maximumGrowth)
        let text = (value ?? [])[...].scalars
        return Array(String(all ? try substitution.all(in: text) : try substitution.first(in: text)).utf8)
    }
}

extension Bytes {
    /// The text as scalars.
    fileprivate var scalars: [Unicode.Scalar] { Array(text.unicodeScalars) }
}
