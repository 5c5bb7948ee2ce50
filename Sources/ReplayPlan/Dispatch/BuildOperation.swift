internal import Basemaps
internal import DockerfileLanguage

/// Something that a stage does to its file system, as BuildKit dispatches it: what any builder would do, before it is
/// known what this one can do.
struct BuildOperation: Sendable, Hashable {
    /// What is done.
    enum Kind: Sendable, Hashable {
        case run(RunOperation)
        case copy(CopyOperation)
        case makeDirectory(MakeDirectoryAction)
    }

    var kind: Kind
    /// The stage that it belongs to.
    var stage: Int
    /// The instruction as docker shows it: variables expanded where it shows them so.
    var title: String
    /// The instruction's name, place and comments.
    var syntax: InstructionSyntax
    var lines: SourceRange { syntax.lines }
}

/// What is known of an image that a stage is built on.
struct BaseImage: Sendable, Hashable {
    var config: ImageConfig
    /// Nil when it is not known.
    var platform: Platform?
}

/// RUN.
struct RunOperation: Sendable, Hashable {
    var arguments: [String]
    var environment: [EnvironmentVariable]
    var proxies: [EnvironmentVariable]
    var workingDirectory: String
    var user: String
    var scripts: [InlineFile]
    var mounts: [RunMount]
    var network: RunInstruction.Network
    var security: RunInstruction.Security
    var devices: [RunDevice]
}

/// COPY or ADD.
struct CopyOperation: Sendable, Hashable {
    /// COPY or ADD, for messages.
    var keyword: String
    var sources: [CopyInput]
    /// The absolute destination; a trailing `/` or `/.` is kept.
    var destination: String
    var owner: String?
    var mode: String?
    /// Whether an owner that the machine does not know is root.
    var acceptsUnknownOwner: Bool
    var excludes: [String]
    var isLinked: Bool
}

/// One source of a COPY or ADD, before it is looked for.
enum CopyInput: Sendable, Hashable {
    /// A path or pattern in the context, a stage or an image.
    case tree(CopyTree)
    /// A file from the network.
    case download(RemoteSource.Download, unpacks: Bool)
    /// A git repository.
    case repository(RemoteSource.Repository, text: String)
    /// A heredoc.
    case inline(InlineFile)
}

/// A path or pattern that a COPY or ADD names.
struct CopyTree: Sendable, Hashable {
    var origin: CopyOrigin
    /// The source as expanded, for messages.
    var text: String
    /// The absolute, cleaned path; it may hold wildcards. With `--parents` the pivot directory.
    var path: String
    /// `--parents`: what is taken of the pivot directory, a pattern relative to it.
    var include: String?
    /// `--parents` without wildcards: the path that must exist.
    var required: String?
    /// Whether a file that is an archive is unpacked.
    var unpacks: Bool
}

/// Where a COPY takes files from.
enum CopyOrigin: Sendable, Hashable {
    /// The build context.
    case context
    /// A stage, by index.
    case stage(Int)
    /// An image.
    case image(String)
    /// A context that `--build-context` names.
    case named(String)

    /// The stage's index; nil for everything else.
    var stage: Int? {
        if case .stage(let index) = self { index } else { nil }
    }
}
