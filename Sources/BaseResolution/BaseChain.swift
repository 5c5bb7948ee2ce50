public import Basemaps

/// A FROM, walked from the image that it names to a cloud image.
public struct BaseChain: Sendable, Hashable, Codable {
    /// How the walk went on from an image.
    public enum Method: String, Sendable, Codable {
        /// A basemap's row is about it: here the walk ends.
        case basemap
        /// The image says which one it was made from.
        case annotation
        /// Its lowest layer says which system it is, and a row is about that: here the walk ends.
        case osRelease = "os-release"
    }

    /// One image on the way.
    public struct Link: Sendable, Hashable, Codable {
        /// The image as the link above names it.
        public var reference: String
        /// Its digest; nil where the walk ended before the registry was asked.
        public var digest: String?
        /// How the walk went on.
        public var method: Method
        /// Where the knowledge comes from: a row's name, an annotation, a layer.
        public var evidence: String
        /// How many layers it has in all; nil where the registry was not asked.
        public var layers: Int?
        /// Its ONBUILD triggers.
        public var onBuild: [String]
    }

    /// The images, the one that FROM names first.
    public var links: [Link]
    /// The cloud image at the end.
    public var base: ResolvedBase

    /// Whether the image that FROM names is the base itself: a build needs nothing else.
    public var isBase: Bool { links.count == 1 && links[0].method == .basemap }
}
