public import SystemPackage

/// A machine image on this machine's disk, in qcow2 format. It is never written to: machines get overlays of it.
public struct LocalImage: Sendable, Hashable {
    /// The file.
    public var path: FilePath
    /// Digest of the file's bytes: `sha256:…`.
    public var digest: String
    /// Where it came from, for people and for `template.json`: a URL, or a recipe and the day it ran.
    public var origin: String

    /// Makes a value.
    public init(path: FilePath, digest: String, origin: String) {
        self.path = path
        self.digest = digest
        self.origin = origin
    }
}

/// What lies beside a cached image: what is known of it.
struct ImageRecord: Codable, Sendable, Hashable {
    /// `sha256:…` of the image.
    var digest: String
    /// See ``LocalImage/origin``.
    var origin: String
    /// The URL that it came from; nil for a recipe's image.
    var url: String?
    /// Its size in bytes, to notice a damaged file without reading it.
    var size: Int64
}
