/// What a plan must know about the contents of a build context, beyond its names: the answer of
/// ``Planner/contextNeeds(manifest:)``.
public struct ContextNeeds: Sendable, Hashable {
    /// Regular files that ADD takes: whether each begins as a tar archive does.
    public var archiveCandidates: [String]
    /// Regular files that are copied, without a digest so far.
    public var digests: [String]
    /// What ADD takes from the network, each once.
    public var remotes: [RemoteSource]

    /// Makes a list.
    public init(archiveCandidates: [String] = [], digests: [String] = [], remotes: [RemoteSource] = []) {
        self.archiveCandidates = archiveCandidates
        self.digests = digests
        self.remotes = remotes
    }

    /// Whether nothing is needed.
    public var isEmpty: Bool { archiveCandidates.isEmpty && digests.isEmpty && remotes.isEmpty }
}
