internal import Basemaps
internal import FoundationEssentials
internal import Subprocess
internal import SystemPackage

/// Builds a bootable disk image from Debian's package archive with mmdebstrap.
///
/// It needs root for a loop mount and for extlinux: it is root, or `sudo` gives it root without a password.
struct MmdebstrapRecipe {
    /// Raised when the program or what it makes changes, so that cached images of an older one are not taken.
    static let version = 1

    let source: RecipeSource
    let architecture: String

    /// Names everything that goes in, except the packages' versions.
    var inputs: String {
        "mmdebstrap recipe \(Self.version), suite \(source.suite), \(architecture): "
            + source.packages.sorted().joined(separator: " ")
    }

    /// The arguments of the script, after the work directory.
    func scriptArguments(uuid: String, mirror: DebianMirror, aptOptions: [String]) -> [String] {
        [uuid, source.suite, "--variant=minbase", "--mode=root", "--format=directory"]
            + ["--architectures=\(architecture)", "--include=\(source.packages.joined(separator: ","))"]
            + aptOptions.map { "--aptopt=\($0)" } + ["--"] + mirror.lines(suite: source.suite)
    }

    /// The whole command that runs the script: namespaces that take mounts and processes with them when they end.
    func command(work: FilePath, asRoot: Bool, scriptArguments: [String]) -> [String] {
        (asRoot ? [] : ["sudo", "-n"]) + Self.isolation
            + ["sh", "-c", RecipeScript.text, "replay-recipe", work.string] + scriptArguments
    }

    static let isolation = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

    /// Makes `image.qcow2` in the work directory, which is the caller's and is removed by it.
    func run(in work: FilePath, isRoot: Bool, note: @escaping @Sendable (String) -> Void) async throws {
        let arguments = scriptArguments(
            uuid: UUID().uuidString.lowercased(), mirror: Self.hostMirror(), aptOptions: await Self.hostAptOptions())
        let command = command(work: work, asRoot: isRoot, scriptArguments: arguments)
        let tail = try await LineRunner.run(command) { line in
            if let text = Self.news(in: line) { note(text) }
        }
        guard tail.succeeded else {
            let code: BaseImageError.Code =
                tail.lines.contains { $0.contains("No space left on device") } ? .noSpace : .recipeFailed
            throw BaseImageError(
                code, "The mmdebstrap recipe for \(source.suite) failed.", context: Array(tail.lines.suffix(15)))
        }
    }

    /// What a line of the script, or of mmdebstrap, tells the user; nil for the others.
    static func news(in line: String) -> String? {
        if line.hasPrefix("replay: ") { return String(line.dropFirst("replay: ".count)) }
        if line.hasPrefix("I: "), line.hasSuffix("...") { return String(line.dropFirst(3).dropLast(3)) }
        return nil
    }

    /// The mirror that this machine itself uses, if it is a Debian machine.
    private static func hostMirror() -> DebianMirror {
        guard let release = read("/etc/os-release"),
            release.split(separator: "\n").contains(where: { $0 == "ID=debian" || $0 == "ID_LIKE=debian" })
        else { return DebianMirror() }
        let directory = "/etc/apt/sources.list.d"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        var sources = read("/etc/apt/sources.list").map(AptSource.parse(list:)) ?? []
        for name in names.sorted() {
            guard let text = read("\(directory)/\(name)") else { continue }
            if name.hasSuffix(".list") { sources += AptSource.parse(list: text) }
            if name.hasSuffix(".sources") { sources += AptSource.parse(deb822: text) }
        }
        return DebianMirror(sources: sources)
    }

    /// How this machine's apt reaches its mirror: proxies and certificates.
    private static func hostAptOptions() async -> [String] {
        let command = ["apt-config", "dump", "--no-empty", "--format", "%F \"%v\";%n", "Acquire"]
        guard let answer = try? await LineRunner.run(command, onLine: { _ in }), answer.succeeded else { return [] }
        return answer.lines.filter { $0.hasPrefix("Acquire::http::") || $0.hasPrefix("Acquire::https::") }
    }

    private static func read(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }
}
