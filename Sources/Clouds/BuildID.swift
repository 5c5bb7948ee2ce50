/// Names one build, or one boot of a template: twelve lower-case hexadecimal digits.
///
/// It is in the name or the tags of everything that is made for the build, so that what a dead `replay` left
/// behind can be recognised.
public struct BuildID: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The digits.
    public let text: String

    /// Makes a new random identifier (48 bits of the system's generator).
    public static func random() -> BuildID {
        let digits = String(UInt64.random(in: 0..<(1 << 48)), radix: 16)
        return BuildID(unchecked: String(repeating: "0", count: 12 - digits.count) + digits)
    }

    /// Reads an identifier; nil when the text is not one.
    public init?(_ text: String) {
        guard text.utf8.count == 12,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// Reads an identifier from its digits.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = BuildID(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no build id"))
        }
        self = value
    }

    /// Writes the digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The digits.
    public var description: String { text }
}
