/// One `deb` source of apt, from either of its two file formats (sources.list(5)).
struct AptSource: Hashable, Sendable {
    /// Where the archive is.
    var uri: String
    /// Suites: `bookworm`, `bookworm-security`.
    var suites: [String]
    /// Components: `main`.
    var components: [String]

    /// Reads the one-line format: `deb [options] uri suite component…`.
    static func parse(list text: String) -> [AptSource] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let line = line.prefix { $0 != "#" }
            var words = line.split(whereSeparator: \.isWhitespace).map(String.init)[...]
            guard words.popFirst() == "deb" else { return nil }
            if words.first?.hasPrefix("[") == true {
                while let word = words.popFirst(), !word.hasSuffix("]") {}
            }
            guard let uri = words.popFirst(), let suite = words.popFirst() else { return nil }
            return AptSource(uri: uri, suites: [suite], components: Array(words))
        }
    }

    /// Reads the deb822 format: paragraphs of fields, which go on in lines that begin with a blank.
    static func parse(deb822 text: String) -> [AptSource] {
        var sources: [AptSource] = []
        var fields: [String: [String]] = [:]
        var current = ""
        func finish() {
            defer { fields = [:] }
            guard fields["types"]?.contains("deb") == true, fields["enabled"] != ["no"] else { return }
            for uri in fields["uris"] ?? [] {
                sources.append(
                    AptSource(uri: uri, suites: fields["suites"] ?? [], components: fields["components"] ?? []))
            }
        }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.hasPrefix("#") { continue }
            if line.allSatisfy(\.isWhitespace) {
                finish()
            } else if line.first?.isWhitespace == true {
                fields[current, default: []] += line.split(whereSeparator: \.isWhitespace).map(String.init)
            } else if let colon = line.firstIndex(of: ":") {
                current = line[..<colon].lowercased()
                fields[current] = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace).map(
                    String.init)
            }
        }
        finish()
        return sources
    }
}

/// Where Debian's packages come from.
struct DebianMirror: Hashable, Sendable {
    /// The archive.
    var archive = "http://deb.debian.org/debian"
    /// The security archive.
    var security = "http://deb.debian.org/debian-security"

    /// Debian's public mirrors.
    init() {}

    /// What a Debian machine's own sources use: a machine that sits behind a mirror often reaches nothing else.
    init(sources: [AptSource]) {
        let suites = [
            "bullseye", "bookworm", "trixie", "forky", "stable", "oldstable", "oldoldstable", "testing", "sid",
        ]
        for source in sources.reversed() where source.uri.hasPrefix("http://") || source.uri.hasPrefix("https://") {
            guard source.components.contains("main") else { continue }
            let uri = source.uri.hasSuffix("/") ? String(source.uri.dropLast()) : source.uri
            for suite in source.suites {
                if suites.contains(suite) {
                    archive = uri
                } else if suites.contains(where: { suite == "\($0)-security" }) {
                    security = uri
                }
            }
        }
    }

    /// The lines of sources.list for a suite.
    func lines(suite: String) -> [String] {
        [
            "deb \(archive) \(suite) main", "deb \(archive) \(suite)-updates main",
            "deb \(security) \(suite)-security main",
        ]
    }
}
