/// How the arguments of an instruction are told apart. None of these removes quotes or escapes: that is expansion's.
enum WordSplitting {
    /// Splits on runs of `[\t\v\f\r ]`; quotes mean nothing here (FROM, EXPOSE, COPY, ADD, VOLUME).
    static func onSpaces(_ text: Bytes) -> [String] {
        if text.isEmpty { return [] }
        return splitOnSpaces(text).map(\.text)
    }

    /// The part before the first run of spaces and the rest after it; the rest is nil when there is no space.
    static func atFirstSpace(_ text: Bytes) -> (head: Bytes, rest: Bytes?) {
        guard let end = text.firstIndex(where: \.isArgumentSpace) else { return (text, nil) }
        return (text[..<end], text[end...].drop(while: \.isArgumentSpace))
    }

    private static func splitOnSpaces(_ text: Bytes) -> [Bytes] {
        var words: [Bytes] = []
        var rest: Bytes? = text
        while let current = rest {
            let (head, tail) = atFirstSpace(current)
            words.append(head)
            rest = tail
        }
        return words
    }

    /// Splits into words as ENV, LABEL and ARG do: quotes and escapes hold a word together and stay in it.
    ///
    /// An escape keeps the next character with it, except between single quotes. A lone escape at the end is dropped.
    static func honouringQuotes(_ text: Bytes, escape: UInt8) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var inWord = false
        var quoted = false
        var position = text.startIndex

        func finish() {
            if quoted || !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
            inWord = false
            quoted = false
        }

        while position < text.endIndex {
            let byte = text[position]
            if quote == nil {
                let space = text.spaceLength(at: position)
                if space > 0 {
                    if inWord { finish() }
                    position += space
                    continue
                }
                inWord = true
                if byte == Byte.singleQuote || byte == Byte.doubleQuote {
                    quote = byte
                    quoted = true
                    word.append(byte)
                    position += 1
                    continue
                }
            } else if byte == quote {
                quote = nil
                word.append(byte)
                position += 1
                continue
            }
            if byte == escape, quote != Byte.singleQuote {
                guard position + 1 < text.endIndex else { break }
                word.append(byte)
                let length = text.scalar(at: position + 1).length
                word += text[(position + 1)..<(position + 1 + length)]
                position += 1 + length
                continue
            }
            word.append(byte)
            position += 1
        }
        if inWord { finish() }
        return words
    }
}
