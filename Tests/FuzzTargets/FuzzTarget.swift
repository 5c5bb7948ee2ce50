import Archives
import Basemaps
import DockerfileChecks
import DockerfileLanguage
import Explanations
import Foundation
import MachineServices
import ReplayPlan
import SystemPackage

/// What is fed with bytes of any kind: by libFuzzer (`make fuzz`), and with the corpus by an ordinary test.
///
/// A target ends, whatever comes in. What must hold is a precondition: breaking it is a crash, which libFuzzer keeps.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Dockerfiles: parsed, checked, repaired, explained.
    case parser
    /// Words of a Dockerfile: expanded and split.
    case expander
    /// Ignore files, and paths that they are asked about.
    case ignore
    /// Archives.
    case tar

    /// Feeds it.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .parser: Self.parse(bytes)
        case .expander: Self.expand(bytes)
        case .ignore: Self.ignore(bytes)
        case .tar: Self.read(bytes)
        }
    }

    private static let platform = Platform(architecture: "amd64")
    private static let checker = DockerfileChecker(options: PlanOptions(platform: platform)) { reference in
        guard reference.hasPrefix("d") else { return .unknown("No basemap knows it.") }
        return .known(
            ResolvedBase(
                reference: reference, row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
                environment: [EnvironmentVariable("PATH", "/bin")], sources: []))
    }

    private static func parse(_ bytes: [UInt8]) {
        _ = ParseTree.json(bytes)
        let checked = checker.check(bytes)
        let lines = checked.source.lineCount
        for finding in checked.findings {
            guard let range = finding.lines else { continue }
            precondition(range.first >= 0 && range.last <= lines, "a finding is outside of the file")
        }
        var report = CheckReport()
        report.files = [("Dockerfile", checked)]
        for format in CheckReport.Format.allCases { precondition((try? report.text(as: format, version: "1")) != nil) }
        guard checked.dockerfile != nil else { return }
        let explanation = Explainer.explain(checked, path: "Dockerfile", name: "x", policy: .enable)
        precondition(explanation?.text.isEmpty == false && explanation?.html.isEmpty == false)
        let fixed = DockerfileFixer.fixed(bytes) { checker.check($0) }
        guard fixed != bytes else { return }
        let again = checker.check(fixed)
        precondition(again.dockerfile != nil, "a repaired file cannot be parsed")
        precondition(DockerfileFixer.fixed(fixed) { checker.check($0) } == fixed, "a repaired file is repaired again")
        precondition(UnifiedDiff.text(from: bytes, to: fixed, path: "x").hasPrefix("--- a/x\n"))
    }

    private static func expand(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let values = ["A": "value", "B": "a b", "EMPTY": "", "P": "/usr/bin:/bin"]
        for token in [EscapeToken.backslash, .backtick] {
            var expander = WordExpander(escapeToken: token)
            if let word = try? expander.expand(text, lookup: { values[$0] }) {
                precondition(word.text.utf8.count <= text.utf8.count + expander.maximumGrowth)
            }
            _ = try? expander.words(text) { values[$0] }
            expander.keepsQuotes = true
            expander.keepsUnset = true
            _ = try? expander.expand(text) { values[$0] }
        }
        _ = try? WordExpander.heredocBodies.expand(text) { values[$0] }
    }

    /// The paths stand after the first NUL byte, one a line.
    private static func ignore(_ bytes: [UInt8]) {
        let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
        guard let patterns = try? IgnorePatterns(parsing: Array(bytes[..<end])) else { return }
        var paths = ["a", "a/b/c.txt", "node_modules/x/y", ".git/config"]
        paths += bytes[end...].dropFirst().split(separator: UInt8(ascii: "\n")).prefix(8).map {
            String(decoding: $0, as: UTF8.self)
        }
        for path in paths { _ = patterns.ignores(path) }
    }

    /// A file in memory: the reader reads files.
    private static let file = FilePath("/dev/shm/replay-fuzz-\(ProcessInfo.processInfo.processIdentifier).tar")

    private static func read(_ bytes: [UInt8]) {
        guard FileManager.default.createFile(atPath: file.string, contents: Data(bytes)) else {
            preconditionFailure("\(file) cannot be written")
        }
        defer { try? FileManager.default.removeItem(atPath: file.string) }
        _ = TarReader.isArchive(file: file)
        guard let reader = try? TarReader(file: file) else { return }
        var total = 0
        while let entry = try? reader.next() {
            precondition(String(validating: Array(entry.path.utf8), as: UTF8.self) != nil)
            while let piece = try? reader.read(upTo: 64 * 1024), !piece.isEmpty {
                total += piece.count
                // A few bytes may stand for gigabytes: that is for whoever unpacks to limit.
                if total > 64 << 20 { return }
            }
        }
    }
}
