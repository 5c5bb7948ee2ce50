/// A publisher's list of checksums, as `sha512sum` writes it, or in the BSD form of `sha512sum --tag`.
struct ChecksumFile {
    private let checksums: [String: String]

    /// Reads a list; lines of other kinds are skipped.
    init(_ text: String, digits: Int) {
        var checksums: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (name, checksum) = Self.tagged(line) ?? Self.plain(line) else { continue }
            guard checksum.utf8.count == digits, checksum.allSatisfy(\.isHexDigit) else { continue }
            checksums[name] = checksum.lowercased()
        }
        self.checksums = checksums
    }

    /// The checksum of a file, in lower-case digits.
    subscript(name: String) -> String? { checksums[name] }

    /// `DIGITS  NAME`, or `DIGITS *NAME` for a file read as binary.
    private static func plain(_ line: Substring) -> (String, String)? {
        guard let space = line.firstIndex(of: " ") else { return nil }
        let name = line[space...].drop { $0 == " " || $0 == "*" }
        return (String(name.hasPrefix("./") ? name.dropFirst(2) : name), String(line[..<space]))
    }

    /// `SHA512 (NAME) = DIGITS`
    private static func tagged(_ line: Substring) -> (String, String)? {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close else { return nil }
        let checksum = line[close...].dropFirst().drop { $0 == " " || $0 == "=" }
        return (String(line[line.index(after: open)..<close]), String(checksum))
    }
}
