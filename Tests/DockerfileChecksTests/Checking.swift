import Basemaps
import DockerfileChecks
import DockerfileLanguage
import Foundation
import ReplayPlan

let amd64 = Platform(architecture: "amd64")

/// Debian, as a basemap would resolve it.
let debian = ResolvedBase(
    reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
    environment: [EnvironmentVariable("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")],
    sources: [.recipe(RecipeSource(tool: "mmdebstrap", suite: "bookworm", packages: []))])

/// A checker whose basemap knows Debian.
let checker = makeChecker()

/// A checker with build arguments.
func makeChecker(arguments: [String: String] = [:]) -> DockerfileChecker {
    DockerfileChecker(options: PlanOptions(buildArguments: arguments, platform: amd64)) { reference in
        guard reference.hasPrefix("debian:") else { return .unknown("No basemap knows the image \(reference).") }
        var base = debian
        base.reference = reference
        return .known(base)
    }
}

/// Checks a text.
func check(_ text: String, ignoring patterns: [String]? = nil, argument: [String]? = nil) -> CheckedDockerfile {
    let arguments = argument.flatMap { $0.count == 2 ? [$0[0]: $0[1]] : nil } ?? [:]
    return makeChecker(arguments: arguments).check(
        Array(text.utf8),
        ignoreFile: patterns.map { ContextManifest.IgnoreFile(name: ".dockerignore", patterns: $0) })
}

/// The findings of a text in short: `Rule 3` or `Rule 3-5`.
func rules(_ text: String) -> [String] {
    check(text).findings.map { finding in
        guard let first = finding.firstLine else { return finding.rule }
        let last = finding.lastLine ?? first
        return "\(finding.rule) \(first)\(last > first ? "-\(last)" : "")"
    }
}

/// The package's directory.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
