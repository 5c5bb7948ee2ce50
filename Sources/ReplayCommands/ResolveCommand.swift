import ArgumentParser
import BaseResolution
import Basemaps
import DockerfileLanguage
import FoundationEssentials
import ImageRegistry
import ReplayPlan
import Store
import SystemPackage

/// `replay resolve IMAGE|DIRECTORY`
struct ResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Walk a FROM down to the cloud image that it stands on.",
        discussion: """
            The registry is asked only for images that the basemap does not know. Credentials are those of docker login.
            """)

    @Argument(help: "An image, or a Dockerfile or its directory, whose FROM is walked.")
    var image: String

    @Option(help: "A further table of base images; its rows go before the built-in ones.")
    var basemap: [String] = []

    @Option(help: "The cloud to resolve for.")
    var cloud: String = "qemu"

    @Option(
        name: .customLong("registry-mirror"),
        help: ArgumentHelp("A registry that is asked in place of Docker Hub.", valueName: "host-or-url"))
    var mirror: String?

    @Flag(help: "Answer as JSON.")
    var json = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        try Workshop.check(cloud: cloud)
        let reference = try baseReference()
        let cache = ContentCache(
            directory: try StoreDirectories.resolve(environment: environment).cache.appending("images"))
        let credentials = try DockerCredentials(environment: environment)
        let resolver = BaseResolver(
            basemap: try BasemapTables.load(files: basemap, environment: environment), cloud: cloud,
            architecture: Platform.thisMachine.architecture
        ) { [mirror] name in
            RegistryClient(
                name, mirror: name.registry == "docker.io" ? mirror : nil, cache: cache, credentials: credentials)
        }
        let chain = try await cancelledByInterrupts { try await resolver.resolve(reference) }
        if json {
            try StandardOutput.write(json: chain)
        } else {
            StandardOutput.write(chain.tree)
        }
    }

    /// What FROM says: the argument itself, unless it is a file or a directory.
    private func baseReference() throws -> String {
        guard (try? FilePath(image).stat()) != nil else { return image }
        let location = try SourceLocation(path: image, file: nil)
        let bytes = try location.readDockerfile()
        do {
            let planner = try Planner(
                try DockerfileParser.parse(bytes), options: PlanOptions(platform: .thisMachine))
            return planner.baseReference.reference
        } catch {
            throw DockerfileProblem(error, in: SourceText(bytes), path: location.dockerfile) ?? error
        }
    }
}

extension BaseChain {
    /// The chain as a tree for people, the cloud image at its bottom.
    var tree: String {
        var lines: [String] = []
        for (depth, link) in links.enumerated() {
            let indent = depth == 0 ? "" : String(repeating: "   ", count: depth - 1) + "└─ "
            let digest = link.digest.map { "  \($0.prefix(19))" } ?? ""
            lines.append("\(indent)\(link.reference)\(digest)  (\(link.method.rawValue): \(link.evidence))")
            let below = String(repeating: "   ", count: depth) + "   "
            for trigger in link.onBuild { lines.append("\(below)ONBUILD \(trigger)") }
        }
        let indent = String(repeating: "   ", count: links.count - 1) + "└─ "
        lines.append("\(indent)\(base.row) on \(base.distribution) \(base.release) \(base.architecture)")
        if !isBase {
            lines.append(
                "A build FROM \(links[0].reference) needs the files of its layers, which cannot be put on a machine yet."
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
