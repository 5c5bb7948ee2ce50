public import Basemaps

/// What will be done on the machine, in order: the result of planning and the input of the engine.
///
/// A plan is a value: printable, comparable, and made without touching the world.
public struct Plan: Sendable, Hashable, Codable {
    /// The machine image that the first step starts from.
    public var base: ResolvedBase
    /// The steps, numbered from 1.
    public var steps: [Step]
    /// The configuration of the result, as a container image of the same Dockerfile would carry it.
    public var config: ImageConfig
    /// What the user should know before the build, in the order of the lines.
    public var warnings: [PlanWarning]

    /// Makes a plan.
    public init(base: ResolvedBase, steps: [Step], config: ImageConfig, warnings: [PlanWarning]) {
        self.base = base
        self.steps = steps
        self.config = config
        self.warnings = warnings
    }
}

/// Something that the user should know, and the line that it is about.
public struct PlanWarning: Sendable, Hashable, Codable {
    /// The rule's name: BuildKit's name where BuildKit has the rule.
    public var rule: String
    /// First and last line, counted from 1; nil when it is about the whole file.
    public var lines: LineRange?
    /// One sentence.
    public var message: String

    /// Makes a warning.
    public init(rule: String, lines: LineRange?, message: String) {
        self.rule = rule
        self.lines = lines
        self.message = message
    }
}

/// A range of lines of the Dockerfile, counted from 1, both ends included.
public struct LineRange: Sendable, Hashable, Codable {
    /// The first line.
    public var first: Int
    /// The last line.
    public var last: Int

    /// Makes a range.
    public init(first: Int, last: Int) {
        self.first = first
        self.last = last
    }
}

/// One step on the machine.
public struct Step: Sendable, Hashable {
    /// The step's number, counted from 1.
    public var number: Int
    /// The stage's name, or its index as text.
    public var stage: String
    /// The instruction as the screen shows it: `RUN apt-get update`.
    public var title: String
    /// Where it is in the Dockerfile.
    public var lines: LineRange
    /// What is done.
    public var action: StepAction
    /// `sha256:` over the parent step's digest, the action with its resolved values, and the digests of the files
    /// that it reads. Proxies, secret values and output modes do not count.
    public var digest: String
    /// Whether the machine restarts when the step has succeeded, before the next one.
    public var restartsMachine = false
    /// After how many seconds it is ended, as the comment above it says.
    public var timeout: Int?

    /// Makes a step.
    public init(number: Int, stage: String, title: String, lines: LineRange, action: StepAction, digest: String) {
        self.number = number
        self.stage = stage
        self.title = title
        self.lines = lines
        self.action = action
        self.digest = digest
    }
}

/// What a step does.
public enum StepAction: Sendable, Hashable {
    /// A command is run.
    case run(RunAction)
    /// Files are put on the machine.
    case copy(CopyAction)
    /// A directory is made where there is none (WORKDIR).
    case makeDirectory(MakeDirectoryAction)
}

/// A command, with everything that it sees.
public struct RunAction: Sendable, Hashable, Codable {
    /// The exact argument vector, the shell included.
    public var arguments: [String]
    /// The exact environment but for HOME, which the guest adds from its passwd when it is not set here.
    public var environment: [EnvironmentVariable]
    /// The proxy variables of the user's `--build-arg`s: seen by the command, not part of the digest.
    public var proxies: [EnvironmentVariable]
    /// The absolute working directory; made if missing, as the container runtime does.
    public var workingDirectory: String
    /// USER as written: empty, `name`, `uid`, `name:group`, `:group` …
    public var user: String
    /// A heredoc script with its own `#!` line: put at `/dev/pipes/<name>` for this command only.
    public var scripts: [InlineFile]

    /// Makes an action.
    public init(
        arguments: [String], environment: [EnvironmentVariable], proxies: [EnvironmentVariable] = [],
        workingDirectory: String, user: String, scripts: [InlineFile] = []
    ) {
        self.arguments = arguments
        self.environment = environment
        self.proxies = proxies
        self.workingDirectory = workingDirectory
        self.user = user
        self.scripts = scripts
    }
}

/// A file whose content stands in the Dockerfile.
public struct InlineFile: Sendable, Hashable, Codable {
    /// Its name, without a directory.
    public var name: String
    /// Its content.
    public var content: String

    /// Makes a file.
    public init(name: String, content: String) {
        self.name = name
        self.content = content
    }
}

/// Files to be put on the machine by COPY or ADD.
public struct CopyAction: Sendable, Hashable {
    /// The matched sources, in the order in which they are copied. Empty when all were patterns that match nothing:
    /// then nothing is done at all, and the destination is not made.
    public var sources: [CopySource]
    /// The absolute destination. A trailing `/` or `/.` is kept: it says "a directory".
    public var destination: String
    /// `--chown` as expanded, or nil: 0:0.
    public var owner: String?
    /// `--chmod` as expanded (octal or symbolic), or nil: the sources' own modes.
    public var mode: String?
    /// Whether a user of `--chown` that the machine does not know is root, and such a group the user's, as in BuildKit;
    /// else that is an error.
    public var acceptsUnknownOwner: Bool

    /// Makes an action.
    public init(
        sources: [CopySource], destination: String, owner: String? = nil, mode: String? = nil,
        acceptsUnknownOwner: Bool = false
    ) {
        self.sources = sources
        self.destination = destination
        self.owner = owner
        self.mode = mode
        self.acceptsUnknownOwner = acceptsUnknownOwner
    }
}

/// One source of a COPY or ADD, after wildcards were matched against the context and links were followed.
public indirect enum CopySource: Sendable, Hashable {
    /// A regular file. `path` is its place in the context; `name` is the name that it gets in a destination that is a
    /// directory, which differs from the last part of `path` when a symbolic link was named.
    case file(path: String, name: String)
    /// A directory whose content is merged into the destination. `path` is its place in the context, empty for the
    /// context's root. `entries` are the paths, relative to `path`, of all that is copied, in tree order (a directory
    /// right before what is in it); excluded ones are not there. With `--parents` it is the pivot directory, and the
    /// entries are those that the source's pattern takes, with the directories above them.
    case directory(path: String, entries: [String])
    /// A heredoc: a file of mode 0644.
    case inline(InlineFile)
    /// A local tar archive, possibly compressed, that ADD unpacks into the destination as a directory. Its members
    /// keep their own owners and modes: `--chown` applies to them, `--chmod` does not.
    case archive(path: String)
    /// A file, directory or archive that was fetched for ADD: its paths are those of what was fetched, not of the
    /// context. `origin` is the ``RemoteSource/identifier``.
    case remote(origin: String, CopySource)
}

/// A directory to be made (WORKDIR): mode 0755, missing parents too, owned by `user`; an existing one is not touched.
public struct MakeDirectoryAction: Sendable, Hashable, Codable {
    /// The absolute path.
    public var path: String
    /// USER as written; names are looked up on the guest.
    public var user: String

    /// Makes an action.
    public init(path: String, user: String) {
        self.path = path
        self.user = user
    }
}
