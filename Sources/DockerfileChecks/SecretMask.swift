internal import DockerfileLanguage

/// Takes secrets out of what is shown of a Dockerfile: credentials that can be told by their form, and what ARG and ENV give to
/// names that sound like secrets.
public struct SecretMask: Sendable {
    /// The values, by the lines of the instructions that set them.
    private var valuesByLine: [Int: [String]] = [:]
    /// Those that are looked for everywhere.
    private var values: [String] = []
    private let original: SourceText

    /// How many values are looked for everywhere: each costs a search of each text.
    private static let maximumValues = 64

    /// Finds the values.
    public init(_ checked: CheckedDockerfile) {
        original = checked.source
        // The finding says which name it is about.
        var suspicious: [Int: Set<Substring>] = [:]
        for finding in checked.findings where finding.rule == "SecretsUsedInArgOrEnv" {
            suspicious[finding.firstLine ?? 0, default: []].formUnion(finding.message.split(separator: " "))
        }
        guard !suspicious.isEmpty else { return }
        let stages = checked.dockerfile?.stages ?? []
        let all = (checked.dockerfile?.globalArguments ?? []).map(Instruction.arg) + stages.flatMap(\.instructions)
        for instruction in all {
            guard let names = suspicious[instruction.lines.first] else { continue }
            let found =
                switch instruction {
                case .arg(let arg): arg.arguments.filter { names.contains($0.name[...]) }.compactMap(\.defaultValue)
                case .env(let env): env.pairs.filter { names.contains($0.name[...]) }.map(\.value)
                default: [String]()
                }
            // Short values stand in many places, and what begins with a variable is none.
            let values = found.filter { $0.count > 3 && !$0.hasPrefix("$") }
            for line in instruction.lines.first...instruction.lines.last { valuesByLine[line] = values }
            if self.values.count < Self.maximumValues { self.values += values }
        }
        values.sort { $0.count > $1.count }
    }

    /// A text without the secrets.
    /// - Parameters:
    ///   - text: The text.
    ///   - line: The line that it is about.
    public func masked(_ text: String, line: Int? = nil) -> String {
        let own = line.flatMap { valuesByLine[$0] } ?? []
        return (own + values).reduce(Credential.masked(text)) { $0.replacing($1, with: "***") }
    }

    /// The file without the secrets; its lines stay where they are.
    var source: SourceText {
        guard !valuesByLine.isEmpty || Credential.kind(in: String(decoding: original.bytes, as: UTF8.self)) != nil
        else {
            return original
        }
        var isInKey = false
        let lines = (1...max(1, original.lineCount)).map { number -> String in
            let line = original.line(number) ?? ""
            if isInKey {
                isInKey = !line.contains("-----END ")
                return "***"
            }
            guard let begin = line.firstRange(of: "-----BEGIN "), line.contains("PRIVATE KEY") else {
                return masked(line, line: number)
            }
            isInKey = !line.contains("-----END ")
            return masked(String(line[..<begin.lowerBound]), line: number) + "***"
        }
        return SourceText(Array(lines.joined(separator: "\n").utf8))
    }
}
