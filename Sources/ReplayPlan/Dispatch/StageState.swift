internal import Basemaps
internal import DockerfileLanguage

/// What a stage is like between two of its instructions.
struct StageState: Sendable {
    /// The configuration that an image of the stage would have.
    var config: ImageConfig
    /// What RUN and expansion see: ENV and ARG, the last writer wins.
    var environment = EnvironmentList()
    /// The last CMD, ENTRYPOINT and HEALTHCHECK of this stage, by keyword.
    var lastUses: [String: InstructionSyntax] = [:]
    /// The names of the ARGs of the stage and those that it is built on, also of those without a value.
    var declaredArguments: Set<String> = []
    /// Whether WORKDIR stood in this stage or one that it is built on.
    var hasWorkdir = false

    /// The path that BuildKit adds where a base has none.
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The shell of shell forms where SHELL sets none.
    static let defaultShell = ["/bin/sh", "-c"]

    /// Begins a stage on a base's configuration.
    init(config: ImageConfig) {
        self.config = config
        begin()
    }

    /// Begins a stage on an earlier stage: it inherits everything but ONBUILD.
    init(parent: StageState) {
        config = parent.config
        config.onBuild = []
        environment = parent.environment
        declaredArguments = parent.declaredArguments
        hasWorkdir = parent.hasWorkdir
        begin()
    }

    /// PATH is always set, and ENV is set anew: it covers an ARG of the parent stage with the same name.
    private mutating func begin() {
        if !config.environment.contains(where: { $0.name == "PATH" }) {
            config.environment.append(EnvironmentVariable("PATH", Self.defaultPath))
        }
        for variable in config.environment { environment.set(variable.name, variable.value) }
        if config.workingDirectory.isEmpty { config.workingDirectory = "/" }
    }

    /// The vector in front of shell forms.
    var shell: [String] { config.shell.flatMap { $0.isEmpty ? nil : $0 } ?? Self.defaultShell }
}
