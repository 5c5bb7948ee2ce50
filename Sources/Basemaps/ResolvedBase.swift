/// A `FROM` reference, resolved to where a machine image of it comes from on one cloud.
public struct ResolvedBase: Sendable, Hashable, Codable {
    /// The reference as the Dockerfile has it: `debian:bookworm-slim`.
    public var reference: String
    /// The row of the basemap that matched: `debian:12`.
    public var row: String
    /// `ID` of os-release: `debian`.
    public var distribution: String
    /// `VERSION_ID` of os-release: `12`.
    public var release: String
    /// The architecture, in Docker's words: `amd64`, `arm64`.
    public var architecture: String
    /// The environment that the container image starts with (PATH), in order.
    public var environment: [EnvironmentVariable]
    /// The sources of the cloud's cell, in the order in which they are tried.
    public var sources: [ImageSource]

    /// Makes a value.
    public init(
        reference: String, row: String, distribution: String, release: String, architecture: String,
        environment: [EnvironmentVariable], sources: [ImageSource]
    ) {
        self.reference = reference
        self.row = row
        self.distribution = distribution
        self.release = release
        self.architecture = architecture
        self.environment = environment
        self.sources = sources
    }
}

/// One variable of an environment.
public struct EnvironmentVariable: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// Makes a variable.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One place that a cloud image can come from.
public enum ImageSource: Sendable, Hashable, Codable {
    /// A published image.
    case download(DownloadSource)
    /// An image built from the distribution's package archive.
    case recipe(RecipeSource)
    /// An image or template that the cloud has already, by its name there.
    case named(String)
}

/// An image that its publisher offers by URL, with a checksum.
public struct DownloadSource: Sendable, Hashable, Codable {
    /// Where the image is.
    public var url: String
    /// Where its publisher's checksum file is (`SHA512SUMS`); the image's file name is looked up in it.
    public var checksums: String
    /// `sha256` or `sha512`.
    public var algorithm: String

    /// Makes a source.
    public init(url: String, checksums: String, algorithm: String) {
        self.url = url
        self.checksums = checksums
        self.algorithm = algorithm
    }
}

/// An image built by mmdebstrap from the distribution's package archive.
public struct RecipeSource: Sendable, Hashable, Codable {
    /// The name of the recipe program; `mmdebstrap` is the one there is.
    public var tool: String
    /// The suite: `bookworm`.
    public var suite: String
    /// Packages beyond the essential ones.
    public var packages: [String]

    /// Makes a source.
    public init(tool: String, suite: String, packages: [String]) {
        self.tool = tool
        self.suite = suite
        self.packages = packages
    }
}
