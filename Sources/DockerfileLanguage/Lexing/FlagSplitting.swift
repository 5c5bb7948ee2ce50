/// The builder flags that stand between an instruction's name and its arguments.
enum FlagSplitting {
    /// Takes the words that begin with `--` off the front. `--` alone ends them and is dropped.
    ///
    /// In a flag both kinds of quotes are removed wherever they are, and the escape token takes the next character
    /// literally, also between quotes. (BuildKit takes bytes for characters here and garbles what is not ASCII;
    /// that is not copied.)
    static func takeFlags(from text: Bytes, escape: UInt8) -> (flags: [String], rest: Bytes) {
        var flags: [String] = []
        var rest = text.trimmingLeadingSpace
        while rest.starts(with: [Byte.dash, Byte.dash]) {
            let (word, quoted, end) = takeWord(from: rest, escape: escape)
            rest = rest[end...]
            if word == [Byte.dash, Byte.dash] {
                return (flags, rest)
            }
            if quoted || !word.isEmpty { flags.append(String(decoding: word, as: UTF8.self)) }
            rest = rest.trimmingLeadingSpace
        }
        return (flags, rest)
    }

    private static func takeWord(from text: Bytes, escape: UInt8) -> (word: [UInt8], quoted: Bool, end: Int) {
        var word: [UInt8] = []
        var quote: UInt8?
        var quoted = false
        var position = text.startIndex
        while position < text.endIndex {
            var byte = text[position]
            if let open = quote {
                if byte == open {
                    quote = nil
                    position += 1
                    continue
                }
            } else {
                if text.spaceLength(at: position) > 0 { break }
                if byte == Byte.singleQuote || byte == Byte.doubleQuote {
                    quote = byte
                    quoted = true
                    position += 1
                    continue
                }
            }
            if byte == escape {
                position += 1
                guard position < text.endIndex else { break }
                byte = text[position]
            }
            word.append(byte)
            position += 1
        }
        return (word, quoted, position)
    }
}
