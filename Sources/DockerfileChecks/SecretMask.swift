internal import DockerfileLanguage

/// Takes secrets out of a Dockerfile's text, so that it can be shown: credentials that can be told by their form, and what
/// ARG and ENV give to names that sound like secrets.
public struct SecretMask: Sendable {
    private let values: [String]
    private let original: SourceText

    /// Finds the values.
    public init(_ checked: CheckedDockerfile) {
        original = checked.source
        // The finding says which name it is about.
        var suspicious: [Int: Set<Substring>] = [:]
        for finding in checked.findings where finding.rule == "SecretsUsedInArgOrEnv" {
            suspicious[finding.firstLine ?? 0, default: []].formUnion(finding.message.split(separator: " "))
        }
        var values: Set<String> = []
        let stages = checked.dockerfile?.stages ?? []
        let all = (checked.dockerfile?.globalArguments ?? []).map(Instruction.arg) + stages.flatMap(\.instructions)
        for instruction in all {
            guard let names = suspicious[instruction.lines.first] else { continue }
            switch instruction {
            case .arg(let arg):
                values.formUnion(arg.arguments.filter { names.contains($0.name[...]) }.compactMap(\.defaultValue))
            case .env(let env): values.formUnion(env.pairs.filter { names.contains($0.name[...]) }.map(\.value))
            default: break
            }
        }
        // Short values stand in many places, and what begins with a variable is none.
        self.values = values.filter { $0.count > 3 && !$0.hasPrefix("$") }.sorted { $0.count > $1.count }
    }

    /// A text without the secrets.
    public func masked(_ text: String) -> String {
        values.reduce(Credential.masked(text)) { $0.replacing($1, with: "***") }
    }

    /// The file without the secrets; its lines stay where they are.
    var source: SourceText {
        guard !values.isEmpty || Credential.kind(in: String(decoding: original.bytes, as: UTF8.self)) != nil else {
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
                return masked(line)
            }
            isInKey = !line.contains("-----END ")
            return masked(String(line[..<begin.lowerBound])) + "***"
        }
        return SourceText(Array(lines.joined(separator: "\n").utf8))
    }
}
