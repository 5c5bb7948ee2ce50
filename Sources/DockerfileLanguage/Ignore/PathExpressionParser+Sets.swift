extension PathExpressionParser {
    /// What stands after a backslash: a class, a character by its code, or punctuation as itself.
    mutating func escape() throws(DockerfileError) -> ScalarSet {
        guard let scalar = peek else { throw DockerfileError(.pattern, "there is nothing after the last \\") }
        position += 1
        if let set = ScalarSet.perl(scalar) { return set.flattened }
        let controls: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{7}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}",
        ]
        if let control = controls[scalar] { return ScalarSet(control) }
        if scalar == "x", let code = takeHexadecimal() { return ScalarSet(code) }
        if scalar == "0" || (scalar >= "1" && scalar <= "7" && peek.map { $0 >= "0" && $0 <= "7" } == true) {
            position -= 1
            let digits = source[position...].prefix(3).prefix { $0 >= "0" && $0 <= "7" }
            position += digits.count
            return ScalarSet(Unicode.Scalar(UInt32(String(digits), radix: 8) ?? 0) ?? "\0")
        }
        guard scalar.value < 0x80, !UInt8(ascii: scalar).isASCIILetter, !UInt8(ascii: scalar).isASCIIDigit else {
            throw DockerfileError(.pattern, "\\\(scalar) means nothing; paths are written with /")
        }
        return ScalarSet(scalar)
    }

    /// Two digits, or any number of them in braces.
    private mutating func takeHexadecimal() -> Unicode.Scalar? {
        let isBraced = peek == "{"
        let digits = source[(isBraced ? position + 1 : position)...].prefix(isBraced ? 8 : 2)
            .prefix { $0.properties.isASCIIHexDigit }
        guard isBraced ? !digits.isEmpty : digits.count == 2,
            let scalar = UInt32(String(digits), radix: 16).flatMap(Unicode.Scalar.init)
        else { return nil }
        guard isBraced else {
            position += 2
            return scalar
        }
        guard digits.endIndex < source.count, source[digits.endIndex] == "}" else { return nil }
        position = digits.endIndex + 1
        return scalar
    }

    /// `[…]`, its `[` taken: a `]` in the first place is a member.
    mutating func characterClass() throws(DockerfileError) -> ScalarSet {
        var set = ScalarSet()
        if peek == "^" {
            set.isNegated = true
            position += 1
        }
        var isFirst = true
        while let scalar = peek {
            if scalar == "]", !isFirst {
                position += 1
                return set
            }
            isFirst = false
            if let named = try takeNamedClass() {
                set.ranges += named.ranges
                continue
            }
            let isClass = scalar == "\\" && position + 1 < source.count && ScalarSet.perl(source[position + 1]) != nil
            let low = try member()
            guard !isClass, peek == "-", position + 1 < source.count, source[position + 1] != "]",
                let first = low.ranges.first?.lowerBound
            else {
                set.ranges += low.ranges
                continue
            }
            position += 1
            let high = try member()
            guard high.ranges.count == 1, let last = high.ranges.first?.lowerBound, first <= last else {
                throw DockerfileError(.pattern, "a range in [] is backwards")
            }
            set.ranges.append(first...last)
        }
        throw DockerfileError(.pattern, "[ is not closed")
    }

    /// `[:name:]` inside of brackets.
    private mutating func takeNamedClass() throws(DockerfileError) -> ScalarSet? {
        let rest = source[position...]
        guard rest.starts(with: "[:".unicodeScalars) else { return nil }
        var end = position + 2
        while end + 1 < source.count, !(source[end] == ":" && source[end + 1] == "]") { end += 1 }
        guard end + 1 < source.count else { return nil }
        let name = String(source[(position + 2)..<end])
        guard let set = ScalarSet.posix(name) else {
            throw DockerfileError(.pattern, "there is no class [:\(name):]")
        }
        position = end + 2
        return set.flattened
    }

    private mutating func member() throws(DockerfileError) -> ScalarSet {
        guard let scalar = peek else { throw DockerfileError(.pattern, "[ is not closed") }
        position += 1
        return scalar == "\\" ? try escape() : ScalarSet(scalar)
    }
}
