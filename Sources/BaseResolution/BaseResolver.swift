public import Basemaps
public import ImageRegistry

/// Walks a FROM down the images that it was made from, to one that a cloud has a machine image for.
///
/// Each image is tried in this order: a row of the basemap; what the image says of its base
/// (`org.opencontainers.image.base.name` and `.digest`, OCI image specification, annotations.md); the os-release of its lowest
/// layer. Images in the table cost no request.
public struct BaseResolver: Sendable {
    private let basemap: Basemap
    private let cloud: String
    private let architecture: String
    private let content: @Sendable (ImageReference) throws -> any ImageContent

    /// The longest chain that is walked: real ones have about five links.
    public static let longestChain = 32

    /// Makes a resolver.
    /// - Parameters:
    ///   - basemap: The table.
    ///   - cloud: The cloud's name.
    ///   - architecture: In Docker's words.
    ///   - content: Where an image of this name is to be had.
    public init(
        basemap: Basemap, cloud: String, architecture: String,
        content: @escaping @Sendable (ImageReference) throws -> any ImageContent
    ) {
        self.basemap = basemap
        self.cloud = cloud
        self.architecture = architecture
        self.content = content
    }

    /// Walks.
    /// - Throws: `BasemapError`, `RegistryError`, ``ResolutionError``.
    public func resolve(_ reference: String) async throws -> BaseChain {
        var links: [BaseChain.Link] = []
        var seen: Set<ContentDigest> = []
        var next = reference
        // The base that an image names by tag and digest: the tag finds the row, the digest the image.
        var pinned: ContentDigest?
        while true {
            if let base = try listed(next) {
                links.append(
                    BaseChain.Link(
                        reference: next, digest: pinned?.description, method: .basemap, evidence: "row \(base.row)",
                        layers: nil, onBuild: []))
                return BaseChain(links: links, base: base)
            }
            let image = try await read(next, pinned: pinned, after: links)
            guard seen.insert(image.manifestDigest).inserted, links.count < Self.longestChain else {
                let path = (links.map(\.reference) + [next]).joined(separator: " → ")
                throw ResolutionError(
                    .cycle, "The chain of \(reference) has no end: \(path).",
                    context: ["Give the image itself a row in a file that is named with --basemap."])
            }
            let onBuild = image.configuration.config?.onBuild ?? []
            func link(_ method: BaseChain.Method, _ evidence: String) -> BaseChain.Link {
                BaseChain.Link(
                    reference: next, digest: "\(image.digest)", method: method, evidence: evidence,
                    layers: image.layers.count, onBuild: onBuild)
            }
            if let name = image.statement(Self.baseName), !name.isEmpty {
                guard name != "scratch", (try? ImageReference(name)) != nil else {
                    return try await ended(link(.osRelease, "etc/os-release"), image, links)
                }
                links.append(link(.annotation, Self.baseName))
                pinned = image.statement(Self.baseDigest).flatMap { ContentDigest($0) }
                next = name
            } else {
                return try await ended(link(.osRelease, "etc/os-release"), image, links)
            }
        }
    }

    private static let baseName = "org.opencontainers.image.base.name"
    private static let baseDigest = "org.opencontainers.image.base.digest"

    /// The table's answer; nil when it does not know the image, which is a reason to ask the registry.
    private func listed(_ reference: String) throws(BasemapError) -> ResolvedBase? {
        do {
            return try basemap.resolve(reference, cloud: cloud, architecture: architecture)
        } catch  where error.code == .unknownBase || error.code == .unlistedDigest {
            return nil
        }
    }

    private func read(
        _ reference: String, pinned: ContentDigest?, after links: [BaseChain.Link]
    ) async throws -> RegistryImage {
        do {
            let name = try ImageReference(reference)
            return try await content(name).image(
                reference, tag: name.tag, digest: pinned ?? name.digest.flatMap { ContentDigest($0) },
                platform: ImagePlatform(architecture: architecture))
        } catch let error as RegistryError where !links.isEmpty {
            let path = links.map(\.reference).joined(separator: " → ")
            throw ResolutionError(
                .link, "\(path) leads to \(reference), which cannot be read: \(error.message)", context: error.context,
                cause: error.cause)
        }
    }

    /// The walk's end at an image that names no base.
    private func ended(
        _ link: BaseChain.Link, _ image: RegistryImage, _ links: [BaseChain.Link]
    ) async throws -> BaseChain {
        let hint = "Give it a row in a file that is named with --basemap ('replay plan' on a FROM of it prints one)."
        guard let lowest = image.layers.first,
            let system = try OSRelease(layer: try await content(ImageReference(link.reference)).layer(lowest))
        else {
            throw ResolutionError(
                .unknownSystem,
                "The image \(link.reference) neither names its base nor has an os-release in its lowest layer.",
                context: ["It may be made from scratch, which no machine can boot. \(hint)"])
        }
        let base = try basemap.resolve(
            link.reference, distribution: system.distribution, release: system.release, cloud: cloud,
            architecture: architecture)
        guard let base else {
            throw ResolutionError(
                .unlistedSystem,
                "The image \(link.reference) is \(system.distribution) \(system.release), for which no basemap has a row.",
                context: [hint])
        }
        return BaseChain(links: links + [link], base: base)
    }
}
