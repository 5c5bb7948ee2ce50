/// One line of comma-separated values, RFC 4180: the form of `--mount` and `--device`.
enum CommaSeparatedFields {
    /// The fields. A field in double quotes may hold commas; `""` in it is one quote.
    static func read(_ text: String) throws(DockerfileError) -> [String] {
        guard !text.isEmpty else { throw DockerfileError(.flag, "a flag's list of fields is empty") }
        let bytes = Array(text.utf8)
        var fields: [String] = []
        var position = 0
        while true {
            let field: [UInt8]
            if position < bytes.count, bytes[position] == Byte.doubleQuote {
                field = try quoted(bytes, &position)
            } else {
                let end = bytes[position...].firstIndex(of: Byte.comma) ?? bytes.count
                field = Array(bytes[position..<end])
                guard !field.contains(Byte.doubleQuote) else { throw misplacedQuote(text) }
                position = end
            }
            fields.append(String(decoding: field, as: UTF8.self))
            guard position < bytes.count else { return fields }
            guard bytes[position] == Byte.comma else { throw misplacedQuote(text) }
            position += 1
        }
    }

    private static func quoted(_ bytes: [UInt8], _ position: inout Int) throws(DockerfileError) -> [UInt8] {
        var field: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Byte.doubleQuote {
                guard position < bytes.count, bytes[position] == Byte.doubleQuote else { return field }
                position += 1
            }
            field.append(byte)
        }
        throw misplacedQuote(bytes[...].text)
    }

    private static func misplacedQuote(_ text: String) -> DockerfileError {
        DockerfileError(
            .flag, "a double quote in \"\(text)\" is misplaced: quotes stand around a whole field", highlight: text)
    }
}
