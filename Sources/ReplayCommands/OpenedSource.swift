import BuildContexts
import ReplayPlan
import SystemCalls
import SystemPackage

/// A Dockerfile and its build context, wherever they come from.
struct OpenedSource: Sendable {
    /// The Dockerfile as messages name it.
    var dockerfile: FilePath
    /// The Dockerfile's bytes.
    var bytes: [UInt8]
    /// The context.
    var context: DirectoryContext
    /// What a template is named after when the user names none.
    var name: String
}

extension SourceOptions {
    /// Opens what the argument names: a path, `-` for standard input, a git repository, or an archive behind a web address.
    func open() async throws -> OpenedSource {
        if path == "-" {
            guard file == nil else {
                throw UsageError("With '-' the Dockerfile comes on standard input: leave --file out.")
            }
            let fetched = try FetchedContext(standardInput: try StandardInput.read())
            return try opened(fetched, name: "stdin")
        }
        if let fetched = try await FetchedContext(path) {
            return try opened(fetched, name: ContextReference.name(path))
        }
        if file == "-" {
            let location = try SourceLocation(path: path, file: "Dockerfile")
            let context = try DirectoryContext(root: location.context, dockerfile: nil)
            return OpenedSource(
                dockerfile: "-", bytes: try StandardInput.read(), context: context, name: context.root.string)
        }
        let location = try locate()
        let bytes = try location.readDockerfile()
        let context = try DirectoryContext(root: location.context, dockerfile: location.dockerfile)
        return OpenedSource(dockerfile: location.dockerfile, bytes: bytes, context: context, name: context.root.string)
    }

    private func opened(_ fetched: FetchedContext, name: String) throws -> OpenedSource {
        let place = try fetched.dockerfile(named: file)
        let bytes = try SourceLocation(path: place.string, file: nil).readDockerfile()
        return OpenedSource(
            dockerfile: FilePath(file ?? place.lastComponent?.string ?? "Dockerfile"), bytes: bytes,
            context: try fetched.context(dockerfile: place), name: name)
    }

    /// The further contexts that `--build-context` names, in the order of the command line.
    func namedContexts() throws -> [(name: String, source: String)] { try Self.namedContexts(buildContexts) }

    /// What `--build-context`s say.
    static func namedContexts(_ given: [String]) throws -> [(name: String, source: String)] {
        try given.map { text in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex,
                text.index(after: equals) < text.endIndex
            else { throw UsageError("--build-context '\(text)' has not the form NAME=DIRECTORY or NAME=ADDRESS.") }
            let source = String(text[text.index(after: equals)...])
            for scheme in ["docker-image://", "oci-layout://", "target:"] where source.hasPrefix(scheme) {
                throw UsageError(
                    "--build-context \(text): images cannot be contexts yet. Unpack the image's files, and name the directory."
                )
            }
            return (text[..<equals].lowercased(), source)
        }
    }
}

/// Standard input, where a Dockerfile or an archive may come from.
enum StandardInput {
    /// All of it.
    static func read() throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read("/dev/stdin", limit: 1 << 30)
        } catch {
            throw UsageError("Standard input cannot be read: \(error).")
        }
        guard !bytes.isEmpty else { throw UsageError("There is nothing on standard input: replay - < Dockerfile") }
        return bytes
    }
}
