/// The exec form: a JSON array of strings, read as strictly as Go's encoding/json does.
enum JSONStringArray: Equatable {
    /// An array of strings only.
    case strings([String])
    /// An array with something else in it: an error of the Dockerfile.
    case mixed
    /// Not a JSON array: the text is a shell form.
    case notAnArray

    /// Go's limit on nesting; deeper text is not JSON to it.
    private static let maximumDepth = 10_000

    /// Reads a text. All of it must be the array.
    static func read(_ text: Bytes) -> JSONStringArray {
        let text = text.trimmingLeadingSpace
        guard text.first == Byte.openBracket else { return .notAnArray }
        var reader = JSONReader(text)
        reader.position += 1
        var strings: [String] = []
        var mixed = false
        reader.skipSpace()
        if reader.take(Byte.closeBracket) { return finish(&reader, strings, mixed) }
        while true {
            reader.skipSpace()
            if reader.peek == Byte.doubleQuote {
                guard let string = reader.string() else { return .notAnArray }
                strings.append(string)
            } else {
                guard reader.skipValue(depth: maximumDepth - 1) else { return .notAnArray }
                mixed = true
            }
            reader.skipSpace()
            if reader.take(Byte.comma) { continue }
            guard reader.take(Byte.closeBracket) else { return .notAnArray }
            return finish(&reader, strings, mixed)
        }
    }

    private static func finish(_ reader: inout JSONReader, _ strings: [String], _ mixed: Bool) -> JSONStringArray {
        reader.skipSpace()
        guard reader.peek == nil else { return .notAnArray }
        return mixed ? .mixed : .strings(strings)
    }
}
