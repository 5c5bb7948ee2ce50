internal import DockerfileLanguage

/// The report in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS standard, 27 March 2020).
struct SARIFReport: Encodable {
    private struct Text: Encodable { var text: String }

    private struct Run: Encodable {
        var tool: Tool
        var columnKind = "unicodeCodePoints"
        var results: [Result]
    }

    private struct Tool: Encodable { var driver: Driver }

    private struct Driver: Encodable {
        var name = "replay"
        var version: String
        var rules: [ReportedRule]
    }

    private struct ReportedRule: Encodable {
        struct Configuration: Encodable { var level: String }
        struct Properties: Encodable { var tags: [String] }
        var id: String
        var shortDescription: Text
        var help: Text
        var defaultConfiguration: Configuration
        var properties: Properties
    }

    private struct Result: Encodable {
        var ruleId: String
        var ruleIndex: Int
        var level: String
        var message: Text
        var locations: [Location]
    }

    private struct Location: Encodable { var physicalLocation: PhysicalLocation }

    private struct PhysicalLocation: Encodable {
        var artifactLocation: ArtifactLocation
        var region: Region?
    }

    private struct ArtifactLocation: Encodable { var uri: String }

    private struct Region: Encodable {
        var startLine: Int
        var endLine: Int
    }

    private enum CodingKeys: String, CodingKey { case schema = "$schema", version, runs }

    private let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    private let version = "2.1.0"
    private let runs: [Run]

    init(_ report: CheckReport, version: String) {
        let rules = Rule.all
        let places = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1.name, $0) })
        let results = report.files.flatMap { file in
            file.checked.findings.compactMap { finding in
                places[finding.rule].map { Self.result(finding, path: file.path, index: $0) }
            }
        }
        let driver = Driver(version: version, rules: rules.map(Self.reported))
        runs = [Run(tool: Tool(driver: driver), results: results)]
    }

    var text: String { get throws { try ReportEncoding.text(self) } }

    private static func reported(_ rule: Rule) -> ReportedRule {
        ReportedRule(
            id: rule.name, shortDescription: Text(text: rule.summary), help: Text(text: rule.hint),
            defaultConfiguration: .init(level: rule.severity.rawValue), properties: .init(tags: [rule.origin.rawValue]))
    }

    private static func result(_ finding: Finding, path: String, index: Int) -> Result {
        Result(
            ruleId: finding.rule, ruleIndex: index, level: finding.severity.rawValue,
            message: Text(text: finding.sentence),
            locations: [
                Location(
                    physicalLocation: PhysicalLocation(
                        artifactLocation: ArtifactLocation(uri: reference(to: path)),
                        region: finding.lines.map { Region(startLine: $0.first, endLine: $0.last) }))
            ])
    }

    /// A path as a URI reference: RFC 3986. A relative one must not look as if it had a scheme.
    private static func reference(to path: String) -> String {
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        let escaped = plain.utf8.map { byte -> String in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            if isLetter || isDigit || "-._~/".utf8.contains(byte) { return String(Unicode.Scalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        return plain.hasPrefix("/") ? "file://" + escaped : escaped
    }
}
