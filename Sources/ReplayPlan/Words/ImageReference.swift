/// The grammar of image references (github.com/distribution/reference): `[host[:port]/]path[:tag][@digest]`.
enum ImageReference {
    /// Why a text is no image reference; nil when it is one.
    static func problem(with text: String) -> String? {
        if text.utf8.count == 64, text.utf8.allSatisfy(\.isHexadecimal) {
            return "a name of 64 hexadecimal digits stands for an image's id, which cannot be built on"
        }
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            guard isDigest(rest[rest.index(after: at)...]) else { return "what stands after @ is no digest" }
            rest = rest[..<at]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            guard isTag(rest[rest.index(after: colon)...]) else { return "what stands after : is no tag" }
            rest = rest[..<colon]
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, let first = parts.first, isHost(first) { parts.removeFirst() }
        if parts.joined().contains(where: \.isUppercase) { return "an image's name has no upper-case letters" }
        guard !parts.isEmpty, parts.allSatisfy(isPathComponent) else { return "it has not the form of an image's name" }
        return nil
    }

    /// Docker takes the first part for a registry when it looks like a host name or has upper-case letters.
    private static func isHost(_ text: Substring) -> Bool {
        guard text.contains(".") || text.contains(":") || text == "localhost" || text.contains(where: \.isUppercase)
        else { return false }
        return text.utf8.allSatisfy {
            $0.isAlphanumeric || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":")
                || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
        }
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, first.isLowerAlphanumeric,
            last.isLowerAlphanumeric
        else { return false }
        var separator: [UInt8] = []
        for byte in text.utf8 {
            guard !byte.isLowerAlphanumeric else {
                separator = []
                continue
            }
            separator.append(byte)
            switch byte {
            case UInt8(ascii: "-"): guard separator.allSatisfy({ $0 == byte }) else { return false }
            case UInt8(ascii: "."): guard separator.count == 1 else { return false }
            case UInt8(ascii: "_"):
                guard separator.count <= 2, separator.allSatisfy({ $0 == byte }) else { return false }
            default: return false
            }
        }
        return true
    }

    /// `[\w][\w.-]{0,127}`
    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        return (first.isAlphanumeric || first == UInt8(ascii: "_"))
            && text.utf8.allSatisfy {
                $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            }
    }

    /// `algorithm:` and at least 32 hexadecimal digits; exactly those of SHA-256 and SHA-512 for these.
    private static func isDigest(_ text: Substring) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        let digits = text[text.index(after: colon)...].utf8
        guard digits.allSatisfy(\.isHexadecimal) else { return false }
        switch text[..<colon] {
        case "sha256": return digits.count == 64
        case "sha512": return digits.count == 128
        case "": return false
        default: return digits.count >= 32
        }
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLowerAlphanumeric: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isAlphanumeric: Bool { isLowerAlphanumeric || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    var isHexadecimal: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(self)
    }
}
