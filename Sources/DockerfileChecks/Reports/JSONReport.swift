internal import FoundationEssentials

/// The report as JSON: files with their findings, and the sums.
struct JSONReport: Encodable {
    private struct File: Encodable {
        var path: String
        var findings: [Finding]
    }

    private var files: [File]
    private var errors: Int
    private var warnings: Int

    init(_ report: CheckReport) {
        files = report.files.map { File(path: $0.path, findings: $0.checked.findings) }
        errors = report.count(of: .error)
        warnings = report.count(of: .warning)
    }

    var text: String { get throws { try ReportEncoding.text(self) } }
}

/// How reports are written as JSON.
enum ReportEncoding {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
