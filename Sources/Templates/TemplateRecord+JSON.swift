import FoundationEssentials

extension TemplateRecord {
    /// The text of `template.json`: keys sorted, so that two of them can be compared line by line.
    public func json() throws -> String {
        try TemplateJSON.text(self)
    }

    /// Reads the text of a `template.json`; `.unreadableRecord` when it is none.
    public init(json text: String) throws(TemplateError) {
        do {
            self = try TemplateJSON.decoder.decode(TemplateRecord.self, from: Data(text.utf8))
        } catch {
            throw TemplateError(
                .unreadableRecord,
                "The record of the template cannot be read: it was damaged, or made by a newer replay.",
                cause: error)
        }
    }
}

/// How this module writes JSON.
enum TemplateJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
