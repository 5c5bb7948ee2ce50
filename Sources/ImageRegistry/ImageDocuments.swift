/// A reference to content by what it is (OCI image specification, descriptor.md).
public struct Descriptor: Sendable, Hashable, Codable {
    /// What kind of content it is.
    public var mediaType: String?
    /// Its name.
    public var digest: ContentDigest
    /// Its number of bytes.
    public var size: Int64
    /// What is said about it.
    public var annotations: [String: String]?
    /// What it runs on, in an index.
    public var platform: ImagePlatform?

    /// Makes a descriptor.
    public init(mediaType: String?, digest: ContentDigest, size: Int64) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
    }

    /// Whether it is an attestation about an image, and no image itself.
    var isAttestation: Bool { annotations?["vnd.docker.reference.type"] == "attestation-manifest" }
}

/// What an image runs on.
public struct ImagePlatform: Sendable, Hashable, Codable, CustomStringConvertible {
    /// `linux`.
    public var os: String
    /// `amd64`, `arm64`.
    public var architecture: String
    /// `v8`.
    public var variant: String?

    /// Makes a platform.
    public init(os: String = "linux", architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// `linux/arm64/v8`
    public var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }

    /// Whether a machine of the other platform is meant. arm64 without a variant is its v8.
    func serves(_ machine: ImagePlatform) -> Bool {
        func variant(_ platform: ImagePlatform) -> String? {
            platform.architecture == "arm64" ? platform.variant ?? "v8" : platform.variant
        }
        return os == machine.os && architecture == machine.architecture
            && (machine.variant == nil || variant(self) == variant(machine))
    }
}

/// An index or a manifest: which of the two shows in what it has (image-index.md, manifest.md).
struct ImageDocument: Decodable {
    var schemaVersion: Int
    var mediaType: String?
    var manifests: [Descriptor]?
    var config: Descriptor?
    var layers: [Descriptor]?
    var annotations: [String: String]?
    // Only schema 1 has these.
    var fsLayers: [Ignored]?

    struct Ignored: Decodable {}
}

/// An image's configuration: what it starts with, and what it was made of (config.md).
public struct ImageConfiguration: Sendable, Hashable, Codable {
    /// The CPU, in Docker's words.
    public var architecture: String?
    /// The operating system.
    public var os: String?
    /// When it was made.
    public var created: String?
    /// What a container of it starts with.
    public var config: Settings?
    /// The layers' digests before compression, lowest first.
    public var rootfs: RootFS?
    /// How it was made, lowest first.
    public var history: [History]?

    /// What a container starts with.
    public struct Settings: Sendable, Hashable, Codable {
        /// USER.
        public var user: String?
        /// ENV, `NAME=value` each.
        public var environment: [String]?
        /// ENTRYPOINT.
        public var entrypoint: [String]?
        /// CMD.
        public var command: [String]?
        /// WORKDIR.
        public var workingDirectory: String?
        /// LABEL.
        public var labels: [String: String]?
        /// ONBUILD.
        public var onBuild: [String]?
        /// SHELL.
        public var shell: [String]?
        /// STOPSIGNAL.
        public var stopSignal: String?

        enum CodingKeys: String, CodingKey {
            case user = "User"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case workingDirectory = "WorkingDir"
            case labels = "Labels"
            case onBuild = "OnBuild"
            case shell = "Shell"
            case stopSignal = "StopSignal"
        }
    }

    /// The layers.
    public struct RootFS: Sendable, Hashable, Codable {
        /// `layers`.
        public var type: String?
        /// Digests before compression, lowest first.
        public var diffIDs: [ContentDigest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// One entry of the history.
    public struct History: Sendable, Hashable, Codable {
        /// The command, as the builder wrote it.
        public var createdBy: String?
        /// A remark.
        public var comment: String?
        /// Whether it made no layer.
        public var emptyLayer: Bool?

        enum CodingKeys: String, CodingKey {
            case createdBy = "created_by"
            case comment
            case emptyLayer = "empty_layer"
        }
    }
}

/// An image for one platform, as its documents describe it; its layers stay where they are.
public struct RegistryImage: Sendable, Hashable {
    /// What was asked for.
    public var reference: String
    /// The digest of what the reference leads to: of the index where there is one.
    public var digest: ContentDigest
    /// The manifest's own digest.
    public var manifestDigest: ContentDigest
    /// What the index, its entry, and the manifest say, the manifest's words last.
    public var annotations: [String: String]
    /// The configuration.
    public var configuration: ImageConfiguration
    /// The layers, lowest first.
    public var layers: [Descriptor]

    /// The layers' digests before compression, lowest first.
    public var diffIDs: [ContentDigest] { configuration.rootfs?.diffIDs ?? [] }

    /// What the image says under a name: an annotation, else a label.
    public func statement(_ name: String) -> String? {
        annotations[name] ?? configuration.config?.labels?[name]
    }
}
