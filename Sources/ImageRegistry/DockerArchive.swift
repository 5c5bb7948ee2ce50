internal import Archives
internal import FoundationEssentials
public import SystemPackage

/// What `docker save` writes: a tar with `manifest.json`, which names configurations and layers by their paths in it.
///
/// The archive has no manifest with digests, so one is made of what it has: the layers are named by the digests that the
/// configuration has for them, which are those before compression.
public struct DockerArchive: ImageContent {
    private let file: FilePath
    private let cache: ContentCache

    private struct Entry: Decodable {
        var Config: String
        var RepoTags: [String]?
        var Layers: [String]
    }

    /// Makes a reader of an archive.
    public init(_ file: FilePath, cache: ContentCache) {
        self.file = file
        self.cache = cache
    }

    /// The index or manifest that a tag leads to.
    public func document(tag: String?) async throws -> [UInt8] {
        let entries: [Entry]
        do { entries = try JSONDecoder().decode([Entry].self, from: Data(try member("manifest.json"))) } catch {
            throw (error as? RegistryError)
                ?? RegistryError(.malformed, "manifest.json of the archive \(file) cannot be read.", cause: error)
        }
        let entry = tag.map { tag in entries.first { $0.RepoTags?.contains(tag) == true } } ?? entries.first
        guard let entry, tag != nil || entries.count == 1 else {
            throw RegistryError(
                .notFound, "The archive \(file) has no image “\(tag ?? "")”.",
                context: ["It has: \(entries.flatMap { $0.RepoTags ?? [] }.joined(separator: ", "))."])
        }
        let bytes = try member(entry.Config)
        let configuration: ImageConfiguration
        do { configuration = try JSONDecoder().decode(ImageConfiguration.self, from: Data(bytes)) } catch {
            throw RegistryError(.malformed, "\(entry.Config) of the archive \(file) cannot be read.", cause: error)
        }
        let digest = ContentDigest(sha256Of: bytes)
        cache.keep(bytes, as: digest)
        let diffIDs = configuration.rootfs?.diffIDs ?? []
        guard diffIDs.count == entry.Layers.count else {
            throw RegistryError(
                .malformed, "The archive \(file) has \(entry.Layers.count) layers, not \(diffIDs.count).")
        }
        struct Manifest: Encodable {
            var schemaVersion = 2
            var config: Descriptor
            var layers: [Descriptor]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let layers = zip(diffIDs, entry.Layers).map { diffID, path in
            var layer = Descriptor(mediaType: nil, digest: diffID, size: 0)
            layer.annotations = ["replay.archive.path": path]
            return layer
        }
        return Array(
            try encoder.encode(
                Manifest(
                    config: Descriptor(mediaType: nil, digest: digest, size: Int64(bytes.count)), layers: layers)))
    }

    /// A small document by its digest.
    public func document(_ digest: ContentDigest, size: Int64?, isManifest: Bool) async throws -> [UInt8] {
        if let bytes = cache.document(digest) { return bytes }
        throw RegistryError(.notFound, "The archive \(file) has no \(digest).")
    }

    /// A layer, checked, as a file.
    public func layer(_ descriptor: Descriptor) async throws -> FilePath {
        guard let path = descriptor.annotations?["replay.archive.path"] else {
            throw RegistryError(.notFound, "The archive \(file) has no layer \(descriptor.digest).")
        }
        let reader = try TarReader(file: file)
        while let entry = try reader.next() {
            guard entry.path == path, case .file(let size) = entry.kind else { continue }
            try cache.prepare(for: descriptor.digest)
            let final = cache.path(descriptor.digest)
            let work = FilePath("\(final).\(UInt64.random(in: 0...UInt64.max)).tmp")
            let output = try FileDescriptor.open(
                work, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
            try output.closeAfter {
                while case let piece = try reader.read(upTo: 1 << 20), !piece.isEmpty { try output.writeAll(piece) }
            }
            var whole = descriptor
            whole.size = size
            return try LayerFile.keep(work, as: final, descriptor: whole, what: "\(path) of \(file)")
        }
        throw RegistryError(.notFound, "The archive \(file) has no \(path).")
    }

    /// A small member. One pass over the archive: libarchive seeks over what it skips in a file.
    private func member(_ name: String) throws -> [UInt8] {
        let reader = try TarReader(file: file)
        while let entry = try reader.next() {
            guard entry.path == name, case .file(let size) = entry.kind else { continue }
            guard size <= largestDocument else {
                throw RegistryError(.tooLarge, "\(name) of the archive \(file) is larger than any honest document.")
            }
            var bytes: [UInt8] = []
            while case let piece = try reader.read(upTo: 1 << 16), !piece.isEmpty { bytes += piece }
            return bytes
        }
        throw RegistryError(
            .notFound, "The archive \(file) has no \(name).", context: ["Name a file that docker save wrote."])
    }
}
