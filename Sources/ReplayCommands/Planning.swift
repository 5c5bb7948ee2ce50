import Basemaps
import BuildContexts
import Crypto
import DockerfileLanguage
import FoundationEssentials
import ReplayPlan
import SystemPackage
import Templates

/// A plan, with what it was made of.
struct PlannedBuild: Sendable {
    /// What to do.
    var plan: Plan
    /// The build context.
    var context: DirectoryContext
    /// What a template is named after when the user names none.
    var name: String
    /// What the context holds, with digests of what the plan copies.
    var manifest: ContextManifest
    /// The Dockerfile, for the template's record.
    var dockerfile: DockerfileRecord
    /// The names of the `--build-arg`s.
    var buildArguments: [String]
    /// The commands that must succeed on a copy of the template.
    var tests: [String]
}

extension SourceOptions {
    private func chosenPlatform() throws -> Platform {
        guard let text = platform else { return .thisMachine }
        guard let platform = Platform(text, host: .thisMachine) else {
            throw UsageError("--platform '\(text)' is not a platform: write linux/amd64, linux/arm64 or the like.")
        }
        guard platform.system == "linux", platform.architecture == Platform.thisMachine.architecture else {
            throw UsageError(
                "--platform \(platform): machines of this cloud are \(Platform.thisMachine). Build there, or leave the flag out."
            )
        }
        return platform
    }

    /// Reads, parses, resolves and plans. Touches nothing.
    func makePlan(environment: [String: String]) async throws -> PlannedBuild {
        try Workshop.check(cloud: cloud)
        let location = try await open()
        let bytes = location.bytes
        let source = SourceText(bytes)
        func explained<Result>(_ body: () throws -> Result) throws -> Result {
            do { return try body() } catch {
                throw DockerfileProblem(error, in: source, path: location.dockerfile) ?? error
            }
        }

        let dockerfile = try explained { try DockerfileParser.parse(bytes) }
        let arguments = try self.arguments(environment: environment)
        let platform = try chosenPlatform()
        var options = PlanOptions(
            buildArguments: Dictionary(arguments.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), target: target,
            platform: platform, buildkitCompat: buildKitCompat)
        let namedContexts = try namedContexts()
        options.namedContexts = Set(namedContexts.map(\.name))
        let planner = try explained { try Planner(dockerfile, options: options) }
        let reference = planner.baseReference
        let base: ResolvedBase
        do {
            base = try BasemapTables.load(files: basemap, environment: environment).resolve(
                reference.reference, cloud: cloud, architecture: platform.architecture)
        } catch var error as BasemapError {
            error.message = DockerfileProblem.lines(
                of: reference.lines, in: source, path: location.dockerfile, message: error.message)
            if error.code == .unknownBase || error.code == .unlistedDigest {
                error.context += ["", "What it was made from: replay resolve \(reference.reference)"]
            }
            throw error
        }
        let context = location.context
        var manifest = try context.scan()
        for named in namedContexts {
            manifest.fetched[ContextReference.identifier(named: named.name)] = try await context.manifest(
                ofContext: named.name, at: named.source)
        }
        let needs = try explained { try planner.contextNeeds(base: base, manifest: manifest) }
        do { manifest = try await context.complete(manifest, for: needs) } catch {
            throw DockerfileProblem(error, in: source, path: location.dockerfile) ?? error
        }
        let plan = try explained { try planner.plan(base: base, manifest: manifest) }
        return PlannedBuild(
            plan: plan, context: context, name: location.name, manifest: manifest,
            dockerfile: DockerfileRecord(
                path: location.dockerfile.string, digest: "sha256:" + SHA256.hash(data: bytes).hexadecimal,
                text: String(decoding: bytes, as: UTF8.self), target: target),
            buildArguments: arguments.map(\.name).sorted(), tests: dockerfile.tests)
    }
}

extension Platform {
    /// What this program was built for, and so what local machines are.
    static var thisMachine: Platform {
        #if arch(arm64)
            Platform(architecture: "arm64")
        #else
            Platform(architecture: "amd64")
        #endif
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    fileprivate var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
