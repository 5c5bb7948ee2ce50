/// What the user decides about a build, beyond the Dockerfile.
public struct PlanOptions: Sendable, Hashable {
    /// `--build-arg`, by name. A name without a value stands for the value of the user's environment: the command looks
    /// it up.
    public var buildArguments: [String: String]
    /// `--target`: a stage's name; nil for the last stage.
    public var target: String?
    /// The platform that is built for: the machine's. It gives `TARGETPLATFORM` and the like.
    public var platform: Platform
    /// The platform of the machine that runs the build, `BUILDPLATFORM`: on a live machine the same one.
    public var buildPlatform: Platform
    /// Whether BuildKit's answer is given where it accepts what its own manual calls an error.
    public var buildkitCompat: Bool
    /// `--build-context`: the names of further directories of files, which `COPY --from` takes from; in lower case.
    public var namedContexts: Set<String> = []

    /// Makes options; the build platform is the target's unless one is given.
    public init(
        buildArguments: [String: String] = [:], target: String? = nil, platform: Platform,
        buildPlatform: Platform? = nil, buildkitCompat: Bool = false
    ) {
        self.buildArguments = buildArguments
        self.target = target
        self.platform = platform
        self.buildPlatform = buildPlatform ?? platform
        self.buildkitCompat = buildkitCompat
    }
}
