/// Credentials that can be told by their form.
public enum Credential {
    /// What a form looks like: a beginning, and how many characters of a set follow at least.
    private struct Form {
        var prefix: String
        var minimum: Int
        var kind: String
    }

    private static let forms = [
        Form(prefix: "AKIA", minimum: 16, kind: "an access key of AWS"),
        Form(prefix: "ASIA", minimum: 16, kind: "an access key of AWS"),
        Form(prefix: "ghp_", minimum: 30, kind: "a token of GitHub"),
        Form(prefix: "gho_", minimum: 30, kind: "a token of GitHub"),
        Form(prefix: "ghs_", minimum: 30, kind: "a token of GitHub"),
        Form(prefix: "github_pat_", minimum: 30, kind: "a token of GitHub"),
        Form(prefix: "glpat-", minimum: 20, kind: "a token of GitLab"),
        Form(prefix: "xoxb-", minimum: 20, kind: "a token of Slack"),
        Form(prefix: "xoxp-", minimum: 20, kind: "a token of Slack"),
        Form(prefix: "sk_live_", minimum: 20, kind: "a key of Stripe"),
        Form(prefix: "AIza", minimum: 35, kind: "a key of Google"),
        Form(prefix: "npm_", minimum: 36, kind: "a token of npm"),
        Form(prefix: "pypi-", minimum: 50, kind: "a token of PyPI"),
        Form(prefix: "hf_", minimum: 30, kind: "a token of Hugging Face"),
    ]

    /// What kind of credential a text holds; nil when none is seen.
    public static func kind(in text: String) -> String? {
        if text.contains("PRIVATE KEY-----"), text.contains("-----BEGIN ") { return "a private key" }
        return ranges(in: text).first?.kind
    }

    /// The text with `***` in place of the credentials that it holds.
    public static func masked(_ text: String) -> String {
        var result = text
        for found in ranges(in: text).sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            result.replaceSubrange(found.range, with: "***")
        }
        return result
    }

    private static func ranges(in text: String) -> [(range: Range<String.Index>, kind: String)] {
        var found: [(range: Range<String.Index>, kind: String)] = []
        for form in forms where text.contains(form.prefix) {
            for range in text.ranges(of: form.prefix) {
                if range.lowerBound > text.startIndex, isPart(text[text.index(before: range.lowerBound)]) { continue }
                let end = text[range.upperBound...].firstIndex { !isPart($0) } ?? text.endIndex
                guard text.distance(from: range.upperBound, to: end) >= form.minimum else { continue }
                found.append((range.lowerBound..<end, form.kind))
            }
        }
        for range in text.ranges(of: "://") {
            let end = text[range.upperBound...].firstIndex { "/?# \t\"'".contains($0) } ?? text.endIndex
            guard let at = text[range.upperBound..<end].lastIndex(of: "@"),
                let colon = text[range.upperBound..<at].firstIndex(of: ":"), text.index(after: colon) < at
            else { continue }
            let password = text.index(after: colon)..<at
            if text[password].hasPrefix("$") { continue }
            found.append((password, "a password in an address"))
        }
        for option in ["-u ", "--user "] where text.contains("curl ") {
            for range in text.ranges(of: option) {
                let start = text[range.upperBound...].firstIndex { !"'\"".contains($0) } ?? text.endIndex
                let end = text[start...].firstIndex { " \t\n'\"".contains($0) } ?? text.endIndex
                guard let colon = text[start..<end].firstIndex(of: ":"), text.index(after: colon) < end,
                    text[text.index(after: colon)] != "$"
                else { continue }
                found.append((text.index(after: colon)..<end, "a password for curl"))
            }
        }
        return found.filter { one in
            !found.contains {
                $0.range != one.range && $0.range.lowerBound <= one.range.lowerBound
                    && $0.range.upperBound >= one.range.upperBound
            }
        }
    }

    private static func isPart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_" || character == "-")
    }
}
