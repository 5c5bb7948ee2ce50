/// Credentials that can be told by their form.
public enum Credential {
    /// What a form looks like: a beginning, and how many characters of a set follow at least.
    private struct Form {
        var prefix: [UInt8]
        var minimum: Int
        var kind: String

        init(_ prefix: String, _ minimum: Int, _ kind: String) {
            self.prefix = Array(prefix.utf8)
            self.minimum = minimum
            self.kind = kind
        }
    }

    private static let forms = [
        Form("AKIA", 16, "an access key of AWS"),
        Form("ASIA", 16, "an access key of AWS"),
        Form("ghp_", 30, "a token of GitHub"),
        Form("gho_", 30, "a token of GitHub"),
        Form("ghs_", 30, "a token of GitHub"),
        Form("github_pat_", 30, "a token of GitHub"),
        Form("glpat-", 20, "a token of GitLab"),
        Form("xoxb-", 20, "a token of Slack"),
        Form("xoxp-", 20, "a token of Slack"),
        Form("sk_live_", 20, "a key of Stripe"),
        Form("AIza", 35, "a key of Google"),
        Form("npm_", 36, "a token of npm"),
        Form("pypi-", 50, "a token of PyPI"),
        Form("hf_", 30, "a token of Hugging Face"),
    ]

    private static let addressMark = Array("://".utf8)
    private static let curl = Array("curl ".utf8)
    private static let userOptions = [Array("-u ".utf8), Array("--user ".utf8)]
    private static let keyBegin = Array("-----BEGIN ".utf8)
    private static let keyEnd = Array("PRIVATE KEY-----".utf8)

    /// What kind of credential a text holds; nil when none is seen.
    public static func kind(in text: String) -> String? {
        // Bytes, as a search by characters would cost more than all rules together.
        let bytes = Array(text.utf8)
        if !places(of: keyEnd, in: bytes).isEmpty, !places(of: keyBegin, in: bytes).isEmpty { return "a private key" }
        return ranges(in: bytes).first?.kind
    }

    /// The text with `***` in place of the credentials that it holds.
    public static func masked(_ text: String) -> String {
        var bytes = Array(text.utf8)
        let found = ranges(in: bytes)
        if found.isEmpty { return text }
        for range in found.map(\.range).sorted(by: { $0.lowerBound > $1.lowerBound }) {
            bytes.replaceSubrange(range, with: "***".utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func places(of needle: [UInt8], in bytes: [UInt8]) -> [Int] {
        guard let first = needle.first, bytes.count >= needle.count else { return [] }
        var found: [Int] = []
        for place in 0...(bytes.count - needle.count) where bytes[place] == first {
            if (1..<needle.count).allSatisfy({ bytes[place + $0] == needle[$0] }) { found.append(place) }
        }
        return found
    }

    /// The places of credentials; none of them is part of another one.
    private static func ranges(in bytes: [UInt8]) -> [(range: Range<Int>, kind: String)] {
        var found: [(range: Range<Int>, kind: String)] = []
        for form in forms {
            for place in places(of: form.prefix, in: bytes) {
                if place > 0, isPart(bytes[place - 1]) { continue }
                let start = place + form.prefix.count
                let end = bytes[start...].firstIndex { !isPart($0) } ?? bytes.endIndex
                if end - start >= form.minimum { found.append((place..<end, form.kind)) }
            }
        }
        for place in places(of: addressMark, in: bytes) {
            let start = place + addressMark.count
            let end = bytes[start...].firstIndex { "/?# \t\"'".utf8.contains($0) } ?? bytes.endIndex
            guard let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) else { continue }
            if let range = password(in: bytes, start..<at) { found.append((range, "a password in an address")) }
        }
        if !places(of: curl, in: bytes).isEmpty {
            for option in userOptions {
                for place in places(of: option, in: bytes) {
                    let start =
                        bytes[(place + option.count)...].firstIndex { !"'\"".utf8.contains($0) } ?? bytes.endIndex
                    let end = bytes[start...].firstIndex { " \t\n'\"".utf8.contains($0) } ?? bytes.endIndex
                    if let range = password(in: bytes, start..<end) { found.append((range, "a password for curl")) }
                }
            }
        }
        var last = 0
        return found.sorted {
            ($0.range.lowerBound, -$0.range.upperBound) < ($1.range.lowerBound, -$1.range.upperBound)
        }
        .filter { one in
            guard one.range.lowerBound >= last else { return false }
            last = one.range.upperBound
            return true
        }
    }

    /// What stands after the first colon, unless it is a variable.
    private static func password(in bytes: [UInt8], _ range: Range<Int>) -> Range<Int>? {
        guard let colon = bytes[range].firstIndex(of: UInt8(ascii: ":")), colon + 1 < range.upperBound,
            bytes[colon + 1] != UInt8(ascii: "$")
        else { return nil }
        return (colon + 1)..<range.upperBound
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }
}
