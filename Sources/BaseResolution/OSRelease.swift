internal import Archives
internal import SystemPackage

/// What a system says of itself (os-release(5)).
struct OSRelease: Equatable {
    /// `ID`: `debian`.
    var distribution: String
    /// `VERSION_ID`: `12`; empty where there is none, as in rolling distributions.
    var release: String

    /// Reads the file's text; nil without an `ID`.
    init?(_ text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...]
            values[line[..<equals]] = value.trimmingPrefix { "\"'".contains($0) }.split { "\"'".contains($0) }.first
                .map(String.init)
        }
        guard let distribution = values["ID"] else { return nil }
        self.distribution = distribution
        release = values["VERSION_ID"] ?? ""
    }

    /// Reads it from a layer; nil when the layer has none.
    ///
    /// The layer is not ours: a small archive can unfold to a huge one, so that its members are counted on the way.
    init?(layer: FilePath) throws {
        let reader = try TarReader(file: layer)
        var unfolded: Int64 = 0
        while let entry = try reader.next() {
            try Task.checkCancellation()
            guard case .file(let size) = entry.kind else { continue }
            unfolded += size + 512
            guard unfolded < Self.largestLayer else { return nil }
            let name = entry.path.hasPrefix("./") ? String(entry.path.dropFirst(2)) : entry.path
            guard ["etc/os-release", "usr/lib/os-release"].contains(name), size <= 65536 else { continue }
            self.init(String(decoding: try reader.read(upTo: 65536), as: UTF8.self))
            return
        }
        return nil
    }

    private static let largestLayer: Int64 = 8 << 30
}
