import ArgumentParser
import BuildContexts
import SystemCalls
import SystemPackage
import TerminalProgress

/// Which Dockerfile, which context: shared by `build` and `plan`.
struct SourceOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A directory with a Dockerfile, a Dockerfile (its directory is then the context), the address of a git repository or of an archive, or - for standard input."
        ))
    var path: String = "."

    @Option(name: [.short, .long], help: "The Dockerfile, when it is not PATH/Dockerfile.")
    var file: String?

    @Option(
        name: .customLong("build-arg"), help: "NAME=VALUE for an ARG; NAME alone takes the value from the environment.")
    var buildArguments: [String] = []

    @Option(
        name: .customLong("build-context"),
        help: ArgumentHelp(
            "A further context for COPY --from=NAME: a directory, or the address of a git repository or an archive.",
            valueName: "name=source"))
    var buildContexts: [String] = []

    @Option(help: "The stage to build, when it is not the last one.")
    var target: String?

    @Option(help: "The platform to build for, such as linux/amd64.")
    var platform: String?

    @Option(help: "A further table of base images; its rows go before the built-in ones.")
    var basemap: [String] = []

    @Flag(name: .customLong("buildkit-compat"), help: "Accept what BuildKit accepts and replay refuses by default.")
    var buildKitCompat = false

    @Option(help: "The cloud to build on.")
    var cloud: String = "qemu"

    /// Where the Dockerfile and its context are.
    func locate() throws -> SourceLocation { try SourceLocation(path: path, file: file) }

    /// The build arguments in the order of the command line; a later one of the same name wins.
    func arguments(environment: [String: String]) throws -> [(name: String, value: String)] {
        try Self.arguments(buildArguments, environment: environment)
    }

    /// What `--build-arg`s say.
    static func arguments(
        _ given: [String], environment: [String: String]
    ) throws -> [(name: String, value: String)] {
        try given.compactMap { text in
            guard let equals = text.firstIndex(of: "=") else {
                guard !text.isEmpty else { throw UsageError("--build-arg needs a name: --build-arg NAME=VALUE.") }
                return environment[text].map { (text, $0) }
            }
            let name = String(text[..<equals])
            guard !name.isEmpty else { throw UsageError("--build-arg '\(text)' has no name before the '='.") }
            return (name, String(text[text.index(after: equals)...]))
        }
    }
}

/// A Dockerfile and its context on this machine.
struct SourceLocation: Equatable {
    /// The Dockerfile.
    var dockerfile: FilePath
    /// The context's directory.
    var context: FilePath

    /// Applies the rules of the command line: the context of `path/Dockerfile` is its directory; of `-f F DIR`, DIR.
    init(path: String, file: String?) throws {
        let path = FilePath(path)
        switch try? path.stat().type {
        case .directory?:
            context = path
            // BuildKit's rule: `dockerfile` is taken where there is no `Dockerfile`.
            let names = ["Dockerfile", "dockerfile"].map { path.appending($0) }
            dockerfile = file.map { FilePath($0) } ?? names.first { (try? $0.stat()) != nil } ?? names[0]
        case .some:
            guard file == nil else {
                throw UsageError("With --file, the argument is the context, a directory; '\(path)' is a file.")
            }
            dockerfile = path
            context = path.removingLastComponent().isEmpty ? "." : path.removingLastComponent()
        case nil:
            throw UsageError("There is no '\(path)': name a directory that holds a Dockerfile, or a Dockerfile.")
        }
    }

    /// The bytes of the Dockerfile.
    func readDockerfile() throws -> [UInt8] {
        do {
            return try FileContents.read(dockerfile)
        } catch let error as Errno {
            throw UsageError("The Dockerfile '\(dockerfile)' cannot be read: \(error).")
        }
    }
}
