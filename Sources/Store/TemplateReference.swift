/// A template's name: `name:tag`. The rules are Docker's for repositories and tags, without a registry's host.
public struct TemplateReference: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The name: components of lower-case letters, digits and single separators (`.`, `_`, `__`, `-`…), joined by `/`.
    public let name: String
    /// The tag: up to 128 letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.
    public let tag: String

    /// Reads `name` or `name:tag`; without a tag it is `latest`. Throws `.invalidName` with the rule.
    public init(_ text: String) throws(StoreError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let tag = parts.count == 2 ? String(parts[1]) : "latest"
        guard name.utf8.count <= 200,
            name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isComponent)
        else {
            throw StoreError(
                .invalidName,
                "'\(text)' is no template name: a name has lower-case letters and digits, with '.', '_', '-' or '/' between them."
            )
        }
        guard Self.isTag(tag) else {
            throw StoreError(
                .invalidName,
                "'\(text)' is no template name: a tag has up to 128 letters, digits, '_', '.' and '-', and begins with none of the last two."
            )
        }
        self.name = name
        self.tag = tag
    }

    /// The name for a template that was given none: the context directory's name, made fit, with the tag `latest`.
    public init(contextDirectory: String) {
        var name = ""
        for byte in contextDirectory.lowercased().utf8 {
            if Self.isLowerOrDigit(byte) {
                name.unicodeScalars.append(Unicode.Scalar(byte))
            } else if !name.isEmpty, !name.hasSuffix("-") {
                name += "-"
            }
        }
        while name.hasSuffix("-") { name.removeLast() }
        self.name = name.isEmpty ? "template" : String(name.prefix(128))
        tag = "latest"
    }

    /// `name:tag`.
    public var description: String { "\(name):\(tag)" }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Writes `name:tag`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isComponent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isLowerOrDigit(first), isLowerOrDigit(last) else {
            return false
        }
        // Between two letters or digits: one dot, one or two underscores, or any number of hyphens.
        return bytes.split(whereSeparator: isLowerOrDigit).allSatisfy { separator in
            let text = String(decoding: separator, as: UTF8.self)
            return text == "." || text == "_" || text == "__" || text.allSatisfy { $0 == "-" }
        }
    }

    private static func isTag(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count), bytes[0] != UInt8(ascii: "."), bytes[0] != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy {
            isLowerOrDigit($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || "_.-".utf8.contains($0)
        }
    }
}
