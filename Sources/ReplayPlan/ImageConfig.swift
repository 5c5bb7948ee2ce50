public import Basemaps

/// The configuration that a container image built from the same Dockerfile would carry.
/// Field meanings: OCI image specification, config.md; the Docker additions (healthcheck, on-build, shell) as in BuildKit.
public struct ImageConfig: Sendable, Hashable, Codable {
    /// ENV, in order.
    public var environment: [EnvironmentVariable]
    /// CMD; nil when there is none.
    public var command: [String]?
    /// Whether CMD was written in shell form: `command` is then SHELL and the text.
    public var commandIsShellForm: Bool
    /// ENTRYPOINT; nil when there is none.
    public var entrypoint: [String]?
    /// Whether ENTRYPOINT was written in shell form.
    public var entrypointIsShellForm: Bool
    /// USER as written.
    public var user: String
    /// WORKDIR; `/` when never set.
    public var workingDirectory: String
    /// EXPOSE: `80/tcp`, sorted.
    public var exposedPorts: [String]
    /// VOLUME, as written, sorted.
    public var volumes: [String]
    /// LABEL.
    public var labels: [String: String]
    /// SHELL, when set.
    public var shell: [String]?
    /// STOPSIGNAL, as written.
    public var stopSignal: String?
    /// HEALTHCHECK.
    public var healthcheck: Healthcheck?
    /// ONBUILD triggers, as text.
    public var onBuild: [String]
    /// MAINTAINER.
    public var author: String?

    /// Makes the configuration of a bare base with this environment.
    public init(environment: [EnvironmentVariable] = []) {
        self.environment = environment
        self.commandIsShellForm = false
        self.entrypointIsShellForm = false
        self.user = ""
        self.workingDirectory = "/"
        self.exposedPorts = []
        self.volumes = []
        self.labels = [:]
        self.onBuild = []
    }
}

/// HEALTHCHECK. Durations are in nanoseconds; 0 means Docker's default (30 s, 30 s, 0 s, 5 s, 3 retries).
public struct Healthcheck: Sendable, Hashable, Codable {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
    public var test: [String]
    /// `--interval`.
    public var interval: Int64
    /// `--timeout`.
    public var timeout: Int64
    /// `--start-period`.
    public var startPeriod: Int64
    /// `--start-interval`.
    public var startInterval: Int64
    /// `--retries`.
    public var retries: Int

    /// Makes a check.
    public init(
        test: [String], interval: Int64 = 0, timeout: Int64 = 0, startPeriod: Int64 = 0, startInterval: Int64 = 0,
        retries: Int = 0
    ) {
        self.test = test
        self.interval = interval
        self.timeout = timeout
        self.startPeriod = startPeriod
        self.startInterval = startInterval
        self.retries = retries
    }
}
