internal import FoundationEssentials
public import SystemPackage

/// A place that has images: a registry, a directory, an archive.
///
/// What `document` and `blob` answer was checked against the digest that was asked for.
public protocol ImageContent: Sendable {
    /// The index or manifest that a tag (or nothing, where there is but one) leads to.
    func document(tag: String?) async throws -> [UInt8]
    /// A small document by its digest: an index, a manifest or a configuration.
    func document(_ digest: ContentDigest, size: Int64?, isManifest: Bool) async throws -> [UInt8]
    /// A layer, as a file that stays at least as long as the cache.
    func layer(_ descriptor: Descriptor) async throws -> FilePath
}

/// The most that an index, manifest or configuration may have: registries accept 4 MiB (distribution specification,
/// "Pushing Manifests").
public let largestDocument = 4 << 20

extension ImageContent {
    /// Reads an image's documents.
    /// - Parameters:
    ///   - reference: What the image is called, for messages and records.
    ///   - tag: The tag; a digest decides alone.
    ///   - digest: The digest of the index or manifest.
    ///   - platform: Which one of an index.
    /// - Throws: ``RegistryError``.
    public func image(
        _ reference: String, tag: String?, digest: ContentDigest?, platform: ImagePlatform
    ) async throws -> RegistryImage {
        var bytes =
            if let digest { try await document(digest, size: nil, isManifest: true) } else {
                try await document(tag: tag)
            }
        let top = digest ?? ContentDigest(sha256Of: bytes)
        var own = top
        var annotations: [String: String] = [:]
        var document = try Self.read(bytes, of: reference)
        // An index may lead to an index; the specification sets no depth, honest images have one.
        for _ in 0..<3 {
            guard let manifests = document.manifests else { break }
            annotations.merge(document.annotations ?? [:]) { $1 }
            let chosen = try Self.choose(from: manifests, platform: platform, reference: reference)
            annotations.merge(chosen.annotations ?? [:]) { $1 }
            own = chosen.digest
            bytes = try await self.document(own, size: chosen.size, isManifest: true)
            document = try Self.read(bytes, of: reference)
        }
        guard let config = document.config, let layers = document.layers else {
            throw RegistryError(.malformed, "The manifest of \(reference) (\(own)) has no configuration or no layers.")
        }
        let text = try await self.document(config.digest, size: config.size, isManifest: false)
        let configuration: ImageConfiguration
        do { configuration = try JSONDecoder().decode(ImageConfiguration.self, from: Data(text)) } catch {
            throw RegistryError(
                .malformed, "The configuration of \(reference) (\(config.digest)) cannot be read.", cause: error)
        }
        try Self.check(configuration, platform: platform, reference: reference)
        annotations.merge(document.annotations ?? [:]) { $1 }
        return RegistryImage(
            reference: reference, digest: top, manifestDigest: own, annotations: annotations,
            configuration: configuration, layers: layers)
    }

    private static func read(_ bytes: [UInt8], of reference: String) throws -> ImageDocument {
        let document: ImageDocument
        do { document = try JSONDecoder().decode(ImageDocument.self, from: Data(bytes)) } catch {
            throw RegistryError(.malformed, "The manifest of \(reference) cannot be read.", cause: error)
        }
        guard document.schemaVersion == 2, document.fsLayers == nil else {
            throw RegistryError(
                .malformed, "The image \(reference) has a manifest of schema \(document.schemaVersion).",
                context: [
                    "Such manifests cannot be verified and are given up since 2020. Push the image again with a current",
                    "tool: skopeo copy --format oci docker://\(reference) docker://…",
                ])
        }
        return document
    }

    private static func choose(
        from manifests: [Descriptor], platform: ImagePlatform, reference: String
    ) throws -> Descriptor {
        let images = manifests.filter { !$0.isAttestation }
        if let match = images.first(where: { $0.platform?.serves(platform) == true }) { return match }
        if images.count == 1, images[0].platform == nil { return images[0] }
        let known = images.compactMap { $0.platform?.description }.prefix(12).joined(separator: ", ")
        throw RegistryError(
            .platform, "The image \(reference) is not there for \(platform).",
            context: [known.isEmpty ? "Its index names no platform." : "It is there for: \(known)."])
    }

    private static func check(
        _ configuration: ImageConfiguration, platform: ImagePlatform, reference: String
    ) throws {
        guard let architecture = configuration.architecture, !architecture.isEmpty else { return }
        let own = ImagePlatform(os: configuration.os ?? "linux", architecture: architecture)
        guard own.os == platform.os, own.architecture == platform.architecture else {
            throw RegistryError(
                .platform, "The image \(reference) is for \(own), not for \(platform).",
                context: ["Name an image for \(platform) in FROM."])
        }
    }
}
