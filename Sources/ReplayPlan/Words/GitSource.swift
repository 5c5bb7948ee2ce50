/// Which sources of ADD are git repositories and downloads, by BuildKit's rules (`dfgitutil.ParseGitRef`).
enum GitSource {
    /// Whether a source is a git repository: `git://`, `ssh://`, `user@host:path`, or a web address whose path ends in
    /// `.git`. `github.com/…` without a scheme is a path in the context.
    static func isRepository(_ text: String) -> Bool {
        if text.hasPrefix("./") || text.hasPrefix("../") { return false }
        guard let scheme = scheme(of: text) else { return isSecureCopyStyle(text) }
        switch scheme {
        case "git", "ssh": return true
        case "http", "https": return path(ofURL: text).hasSuffix(".git")
        default: return false
        }
    }

    /// Whether a source is a web address of a file.
    static func isDownload(_ text: String) -> Bool {
        (text.hasPrefix("http://") || text.hasPrefix("https://")) && !isRepository(text)
    }

    /// The name that a download gets: the last part of its path, percent-decoded.
    static func fileName(ofURL text: String) -> String {
        guard let path = percentDecoded(path(ofURL: text)) else { return "__unnamed__" }
        let base = GoPath.base(path)
        return base == "." || base == "/" ? "__unnamed__" : base
    }

    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstRange(of: "://"), colon.lowerBound > text.startIndex,
            text[..<colon.lowerBound].utf8.allSatisfy(\.isAlphanumeric)
        else { return nil }
        return text[..<colon.lowerBound].lowercased()
    }

    /// What stands between the host and `?` or `#`.
    private static func path(ofURL text: String) -> String {
        guard let colon = text.firstRange(of: "://") else { return "" }
        let rest = text[colon.upperBound...].prefix { $0 != "#" && $0 != "?" }
        guard let slash = rest.firstIndex(of: "/") else { return "" }
        return String(rest[slash...])
    }

    /// `^[a-zA-Z0-9-_]+@[a-zA-Z0-9-.]+:`
    private static func isSecureCopyStyle(_ text: String) -> Bool {
        guard let at = text.firstIndex(of: "@"), let colon = text[at...].firstIndex(of: ":"),
            !text.contains("\n")
        else { return false }
        let user = text[..<at].utf8
        let host = text[text.index(after: at)..<colon].utf8
        return !user.isEmpty && !host.isEmpty
            && user.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
            && host.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    static func percentDecoded(_ text: String) -> String? {
        guard text.contains("%") else { return text }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
