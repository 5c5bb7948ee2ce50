public import Clouds
public import FoundationEssentials
public import ReplayPlan
public import Store
public import TemplateAudit

/// How a template came to be: the content of `template.json` beside each template.
///
/// It holds no secret: of build arguments it has the names only. A reader ignores fields that it does not know; a later
/// version adds optional ones, and raises ``schema`` when an old reader would misunderstand.
public struct TemplateRecord: Sendable, Hashable, Codable {
    /// The version of this layout: 1.
    public var schema: Int
    /// The template version's own name for good.
    public var identifier: String
    /// The `name:tag` that it was built for.
    public var name: TemplateReference
    /// The build; nil for an imported template.
    public var build: BuildID?
    /// When the build ended, in whole seconds (ISO 8601, UTC).
    public var created: Date
    /// The image.
    public var image: ImageRecord
    /// The architecture, in Docker's words: `amd64`, `arm64`.
    public var architecture: String
    /// The Dockerfile; nil for an imported template.
    public var dockerfile: DockerfileRecord?
    /// The `FROM` chain, from the Dockerfile's own `FROM` to the machine image.
    public var chain: [ChainLink]
    /// The steps that were done, in order.
    public var steps: [StepRecord]
    /// The configuration that a container image of the same Dockerfile would carry.
    public var config: ImageConfig
    /// The names of the `--build-arg`s that were given, sorted. Their values are not kept.
    public var buildArguments: [String]
    /// What the user was warned of.
    public var warnings: [PlanWarning]
    /// What made it: `replay`, `qemu` and the like, each with its version.
    public var versions: [String: String]
    /// The service that ENTRYPOINT and CMD became; nil when they became none.
    public var service: ServiceRecord?
    /// The units that were enabled when the Dockerfile had been replayed and the service was there, sorted, as
    /// `systemctl list-unit-files --state=enabled` names them; what the seal adds is not among them. Nil when unknown.
    public var enabledUnits: [String]?
    /// The units that had failed at that time, sorted. Nil when unknown.
    public var failedUnits: [String]?
    /// The commands of the Dockerfile's `# replay: test COMMAND` lines, in order: each is run by root's `/bin/sh -c` on a
    /// copy of the template and must end with status 0. Nil when there are none.
    public var tests: [String]?

    /// The base64 word of the key that admitted the build user, so that it can be looked for. Nil when unknown.
    public var buildKey: String?
    /// Whether package lists and caches were kept on purpose.
    public var keepsPackageCaches: Bool?
    /// What the audit of the captured disk said. Nil for an imported template.
    public var audit: AuditReport?
    /// What the boots before the publication said. Nil when none was asked for.
    public var verification: VerificationReport?

    /// Makes a record. `created` loses what is less than a second.
    public init(
        identifier: String, name: TemplateReference, build: BuildID?, created: Date, image: ImageRecord,
        architecture: String, dockerfile: DockerfileRecord?, chain: [ChainLink], steps: [StepRecord],
        config: ImageConfig, buildArguments: [String], warnings: [PlanWarning], versions: [String: String]
    ) {
        schema = 1
        self.identifier = identifier
        self.name = name
        self.build = build
        self.created = Date(timeIntervalSince1970: created.timeIntervalSince1970.rounded(.down))
        self.image = image
        self.architecture = architecture
        self.dockerfile = dockerfile
        self.chain = chain
        self.steps = steps
        self.config = config
        self.buildArguments = buildArguments.sorted()
        self.warnings = warnings
        self.versions = versions
    }
}

/// The image of a template.
public struct ImageRecord: Sendable, Hashable, Codable {
    /// The cloud that can start it: `qemu`.
    public var cloud: String
    /// The file's name beside `template.json`, or the cloud's identifier.
    public var reference: String
    /// Digest of its bytes, `sha256:…`, where they are known.
    public var digest: String?
    /// Its size in bytes, where that is known.
    public var size: Int64?

    /// Makes a value.
    public init(cloud: String, reference: String, digest: String?, size: Int64?) {
        self.cloud = cloud
        self.reference = reference
        self.digest = digest
        self.size = size
    }
}

/// The Dockerfile that a template was built from.
public struct DockerfileRecord: Sendable, Hashable, Codable {
    /// Its name within the context, or as it was given.
    public var path: String
    /// `sha256:` of its bytes.
    public var digest: String
    /// Its text, where it is kept.
    public var text: String?
    /// The stage that was built, where it was asked for.
    public var target: String?

    /// Makes a value.
    public init(path: String, digest: String, text: String?, target: String? = nil) {
        self.path = path
        self.digest = digest
        self.text = text
        self.target = target
    }
}

/// One link of the `FROM` chain.
public struct ChainLink: Sendable, Hashable, Codable {
    /// The reference: `debian:bookworm-slim`, the name of a stage.
    public var reference: String
    /// How it was resolved: `stage`, `basemap`, `image`.
    public var method: String
    /// What it led to: a row of the basemap, a stage's index, an origin.
    public var resolved: String
    /// The digest of what it led to, where there is one.
    public var digest: String?

    /// Makes a link.
    public init(reference: String, method: String, resolved: String, digest: String? = nil) {
        self.reference = reference
        self.method = method
        self.resolved = resolved
        self.digest = digest
    }
}

/// One step that was done.
public struct StepRecord: Sendable, Hashable, Codable {
    /// Its number, counted from 1.
    public var number: Int
    /// The instruction as the screen showed it.
    public var title: String
    /// Where it is in the Dockerfile.
    public var lines: LineRange
    /// The plan's digest of it.
    public var digest: String
    /// How long it took, in seconds.
    public var seconds: Double

    /// Makes a value. The time is rounded to milliseconds.
    public init(_ step: Step, seconds: Double) {
        number = step.number
        title = step.title
        lines = step.lines
        digest = step.digest
        self.seconds = (seconds * 1000).rounded() / 1000
    }
}
