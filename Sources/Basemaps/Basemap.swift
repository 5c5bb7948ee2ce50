internal import Yams

/// Tables that say which machine image stands for a container image, on each cloud.
public struct Basemap: Sendable {
    private var tables: [BasemapTable] = []

    /// Makes an empty map, which knows no image.
    public init() {}

    /// Makes the map of these files; the rows of an earlier file win over those of a later one.
    /// - Parameter files: Each file's name, for messages, and its text.
    /// - Throws: ``BasemapError`` with `invalid-table`, which names the file and the place in it.
    public init(files: [(name: String, text: String)]) throws(BasemapError) {
        for file in files { try add(name: file.name, text: file.text) }
    }

    /// The names of all rows with the clouds that they have cells for, in order.
    public var rows: [(name: String, clouds: [String])] {
        tables.flatMap(\.rows).map { ($0.name, $0.clouds.keys.sorted()) }
    }

    /// Finds what a reference means on a cloud.
    /// - Parameters:
    ///   - reference: What FROM says: `debian:bookworm-slim`.
    ///   - cloud: The cloud's name: `qemu`.
    ///   - architecture: In Docker's words: `amd64`.
    /// - Throws: ``BasemapError``. For an unknown base its context is the entry to add to a table.
    public func resolve(_ reference: String, cloud: String, architecture: String) throws(BasemapError) -> ResolvedBase {
        let image = try ImageReference(reference)
        guard let (table, row) = find(image) else { throw unknown(image, cloud: cloud, architecture: architecture) }
        return try resolved(reference, table, row, cloud: cloud, architecture: architecture)
    }

    /// Finds what a system is called that says this of itself in its os-release.
    /// - Parameters:
    ///   - reference: What the image is called.
    ///   - distribution: `ID`.
    ///   - release: `VERSION_ID`.
    ///   - cloud: The cloud's name.
    ///   - architecture: In Docker's words.
    /// - Returns: nil when no row is about that release.
    /// - Throws: ``BasemapError`` when the row has nothing for this cloud or architecture.
    public func resolve(
        _ reference: String, distribution: String, release: String, cloud: String, architecture: String
    ) throws(BasemapError) -> ResolvedBase? {
        for table in tables where table.distribution == distribution {
            for row in table.rows where row.release == release || row.refusal != nil {
                return try resolved(reference, table, row, cloud: cloud, architecture: architecture)
            }
        }
        return nil
    }

    private func resolved(
        _ reference: String, _ table: BasemapTable, _ row: BasemapTable.Row, cloud: String, architecture: String
    ) throws(BasemapError) -> ResolvedBase {
        if let refusal = row.refusal {
            throw BasemapError(
                .refused, "No machine can be made of \(reference): \(refusal)",
                context: ["Choose a base of a distribution that runs systemd: 'replay basemap list' shows them."])
        }
        guard let cell = row.clouds[cloud] else {
            throw BasemapError(
                .noCell, "The basemap's row \(row.name) says nothing about the cloud \(cloud).",
                context: row.clouds.isEmpty ? [] : ["It has: \(row.clouds.keys.sorted().joined(separator: ", "))."])
        }
        let sources = cell.images.compactMap { $0.source(for: architecture) }
        guard !sources.isEmpty else {
            let known = Set(cell.images.flatMap(\.architectures)).sorted().joined(separator: ", ")
            throw BasemapError(
                .otherArchitecture,
                "There is no image of \(row.name) on \(cloud) for \(architecture), only for \(known).")
        }
        return ResolvedBase(
            reference: reference, row: row.name, distribution: table.distribution, release: row.release,
            architecture: architecture, environment: table.environment.map(Self.variable), sources: sources)
    }

    private mutating func add(name: String, text: String) throws(BasemapError) {
        let table: BasemapTable
        do {
            table = try YAMLDecoder().decode(BasemapTable.self, from: text)
        } catch {
            throw BasemapError(.invalidTable, "The basemap \(name) cannot be read: \(Self.reason(error)).")
        }
        if let fault = table.fault {
            throw BasemapError(.invalidTable, "The basemap \(name) cannot be used: \(fault).")
        }
        tables.append(table)
    }

    private func find(_ image: ImageReference) -> (BasemapTable, BasemapTable.Row)? {
        for table in tables
        where table.images.contains(where: { (try? ImageReference($0))?.repository == image.repository }) {
            for row in table.rows {
                // As in Docker, a digest decides alone; a tag beside it is a comment.
                if let digest = image.digest {
                    if row.digests?.contains(digest) == true { return (table, row) }
                } else if let tag = image.tag, row.lists(tag: tag) {
                    return (table, row)
                }
            }
        }
        return nil
    }

    private func unknown(_ image: ImageReference, cloud: String, architecture: String) -> BasemapError {
        let hint = "Add this to a file and name it with --basemap, or put it into a directory named in REPLAY_BASEMAPS:"
        if let digest = image.digest {
            return BasemapError(
                .unlistedDigest, "No basemap lists the digest of \(image.familiarName)@\(digest).",
                context: [
                    "A digest is taken for a machine image only where a table says so. \(hint)", "",
                ] + Self.entry(image, tags: "[]", digests: "[\"\(digest)\"]", cloud: cloud, architecture: architecture))
        }
        let tag = image.tag ?? "latest"
        return BasemapError(
            .unknownBase, "No basemap knows the image \(image.familiarName):\(tag).",
            context: [hint, ""]
                + Self.entry(image, tags: "[\"\(tag)\"]", digests: "[]", cloud: cloud, architecture: architecture))
    }

    private static func entry(
        _ image: ImageReference, tags: String, digests: String, cloud: String, architecture: String
    ) -> [String] {
        """
        distribution: debian        # ID in the image's /etc/os-release
        images: ["\(image.familiarName)"]
        environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        rows:
          - name: "\(image.familiarName):\(image.tag ?? "pinned")"
            release: "12"           # VERSION_ID in the image's /etc/os-release
            tags: \(tags)
            digests: \(digests)
            clouds:
              \(cloud):
                source: https://…   # the publisher's page
                checked: 2026-01-31 # the day when you read it
                images:
                  - architectures: ["\(architecture)"]
                    download: {url: "https://…/image.qcow2", checksums: "https://…/SHA512SUMS", algorithm: sha512}
        """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func variable(_ text: String) -> EnvironmentVariable {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return EnvironmentVariable(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    private static func reason(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? "" : " in " + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            return "“\(key.stringValue)” is missing\(place(context.codingPath))"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return "a value of another kind is expected\(place(context.codingPath))"
        case DecodingError.dataCorrupted(let context):
            return context.underlyingError.map { "\($0)" } ?? context.debugDescription
        default: return "\(error)"
        }
    }
}
