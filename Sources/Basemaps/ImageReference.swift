/// The name of a container image, as Docker reads it: `debian`, `debian:12-slim`, `ghcr.io/me/app@sha256:…`.
///
/// The grammar is that of github.com/distribution/reference. A short name is completed: `debian` is
/// `docker.io/library/debian:latest`.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// The registry's name, with its port if there is one: `docker.io`.
    public let registry: String
    /// The path in the registry: `library/debian`.
    public let path: String
    /// The tag. When the reference has neither tag nor digest, it is `latest`.
    public let tag: String?
    /// The digest: `sha256:` and 64 hexadecimal digits.
    public let digest: String?

    /// Reads a reference.
    /// - Throws: ``BasemapError`` with `invalid-reference`, and what is wrong with it.
    public init(_ text: String) throws(BasemapError) {
        func invalid(_ reason: String) -> BasemapError {
            BasemapError(.invalidReference, "“\(text)” is no image reference: \(reason).")
        }
        var name = Substring(text)
        var digest: String?
        if let at = name.firstIndex(of: "@") {
            let rest = String(name[name.index(after: at)...])
            guard Self.isDigest(rest) else { throw invalid("“\(rest)” is no digest") }
            digest = rest
            name = name[..<at]
        }
        var tag: String?
        // A colon before the last slash belongs to the registry's port.
        let lastPart = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[lastPart...].firstIndex(of: ":") {
            let rest = String(name[name.index(after: colon)...])
            guard Self.isTag(rest) else { throw invalid("“\(rest)” is no tag") }
            tag = rest
            name = name[..<colon]
        }
        let (registry, path) = Self.split(name)
        guard !path.isEmpty else { throw invalid("the name is missing") }
        guard Self.isRegistry(registry) else { throw invalid("“\(registry)” is no registry") }
        guard path.utf8.count + registry.utf8.count < 255 else { throw invalid("the name is too long") }
        if path.contains(where: \.isUppercase) { throw invalid("the name must be in lower case") }
        for part in path.split(separator: "/", omittingEmptySubsequences: false) where !Self.isPathComponent(part) {
            throw invalid("“\(part)” cannot be part of a name")
        }
        self.registry = registry
        self.path = path
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// Registry and path: `docker.io/library/debian`.
    public var repository: String { "\(registry)/\(path)" }

    /// Registry and path as users of Docker write them: `debian`, `me/app`, `ghcr.io/me/app`.
    public var familiarName: String {
        guard registry == "docker.io" else { return repository }
        return path.hasPrefix("library/") ? String(path.dropFirst("library/".count)) : path
    }

    /// The complete reference: `docker.io/library/debian:latest`.
    public var description: String {
        repository + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    private static func split(_ name: Substring) -> (registry: String, path: String) {
        var registry = "docker.io"
        var path = String(name)
        if let slash = name.firstIndex(of: "/") {
            let first = name[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost"
                || first.contains(where: \.isUppercase)
            {
                registry = String(first)
                path = String(name[name.index(after: slash)...])
            }
        }
        if registry == "index.docker.io" { registry = "docker.io" }
        if registry == "docker.io", !path.isEmpty, !path.contains("/") { path = "library/\(path)" }
        return (registry, path)
    }

    private static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return text.utf8.count <= 128
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isDigest(_ text: String) -> Bool {
        let lengths = ["sha256": 64, "sha384": 96, "sha512": 128]
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = lengths[String(parts[0])] else { return false }
        return parts[1].utf8.count == length
            && parts[1].utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func isRegistry(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, parts[1].isEmpty || !parts[1].allSatisfy({ $0.isASCII && $0.isNumber }) { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isWord($0) && $0 != UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        }
    }

    /// Runs of `a–z0–9`, between them one of `.`, `_`, `__` or any number of `-`.
    private static func isPathComponent(_ text: Substring) -> Bool {
        let runs = text.split(omittingEmptySubsequences: false) { "._-".contains($0) }
        guard let first = runs.first, let last = runs.last, !first.isEmpty, !last.isEmpty else { return false }
        guard runs.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) } }) else {
            return false
        }
        let separators = text.split { !"._-".contains($0) }
        return separators.allSatisfy { $0 == "." || $0 == "_" || $0 == "__" || $0.allSatisfy { $0 == "-" } }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
}
