internal import FoundationEssentials
internal import SystemCalls
public import SystemPackage

/// An image layout in a directory, as skopeo's `oci:` and BuildKit's `type=oci` write it (image-layout.md).
public struct OCILayout: ImageContent {
    private let directory: FilePath

    /// Opens a layout.
    /// - Throws: ``RegistryError`` when the directory is none.
    public init(_ directory: FilePath) throws {
        self.directory = directory
        guard (try? directory.appending("oci-layout").stat()) != nil else {
            throw RegistryError(
                .notFound, "\(directory) is no image layout: it has no file oci-layout.",
                context: ["Make one, for example: skopeo copy docker://IMAGE oci:\(directory)"])
        }
    }

    /// The index or manifest that a tag leads to.
    public func document(tag: String?) async throws -> [UInt8] {
        let bytes = try read("index.json")
        guard let tag else { return bytes }
        let index: ImageDocument
        do { index = try JSONDecoder().decode(ImageDocument.self, from: Data(bytes)) } catch {
            throw RegistryError(.malformed, "\(directory.appending("index.json")) cannot be read.", cause: error)
        }
        let named = (index.manifests ?? []).first { $0.annotations?["org.opencontainers.image.ref.name"] == tag }
        guard let named else {
            throw RegistryError(.notFound, "The image layout \(directory) has no image that is called \(tag).")
        }
        return try await document(named.digest, size: named.size, isManifest: true)
    }

    /// A small document by its digest.
    public func document(_ digest: ContentDigest, size: Int64?, isManifest: Bool) async throws -> [UInt8] {
        let bytes = try read("blobs/\(digest.algorithm)/\(digest.digits)")
        guard digest.names(bytes), size.map({ $0 == Int64(bytes.count) }) ?? true else {
            throw RegistryError(.mismatch, "In the image layout \(directory), \(digest) is not what its name says.")
        }
        return bytes
    }

    /// A layer, checked, as a file.
    public func layer(_ descriptor: Descriptor) async throws -> FilePath {
        let path = directory.appending("blobs/\(descriptor.digest.algorithm)").appending(descriptor.digest.digits)
        guard (try? path.stat().size) == descriptor.size, (try? descriptor.digest.names(file: path)) == true else {
            throw RegistryError(
                .mismatch, "In the image layout \(directory), the layer \(descriptor.digest) is missing or not whole.")
        }
        return path
    }

    private func read(_ name: String) throws -> [UInt8] {
        let path = directory.pushing(FilePath(name))
        let bytes: [UInt8]
        do { bytes = try SmallFile.read(path, limit: largestDocument + 1) } catch {
            throw RegistryError(.notFound, "The image layout \(directory) is not whole: no \(name).", cause: error)
        }
        guard bytes.count <= largestDocument else {
            throw RegistryError(.tooLarge, "\(path) is larger than any honest document.")
        }
        return bytes
    }
}
