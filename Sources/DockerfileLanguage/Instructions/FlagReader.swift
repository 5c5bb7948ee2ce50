/// The builder flags of one instruction, by the names and kinds that it knows.
struct FlagReader {
    enum Kind {
        /// `--link`, `--link=true`, `--link=false`
        case bool
        /// `--from=x`, once
        case string
        /// `--mount=x`, any number of times
        case strings
    }

    private var bools: [String: Bool] = [:]
    private var texts: [String: [String]] = [:]

    /// Reads the flags.
    init(_ flags: [String], known: [String: Kind] = [:]) throws(DockerfileError) {
        for flag in flags {
            let (spelling, value) = flag.splitAtEquals
            let name = String(spelling.dropFirst(2))
            guard let kind = known[name] else {
                let hint = Suggestion.text(for: name, among: known.keys.sorted())
                throw DockerfileError(.flag, "unknown flag: \(spelling)\(hint)", highlight: spelling)
            }
            if kind != .strings, bools[name] != nil || texts[name] != nil {
                throw DockerfileError(.flag, "the flag \(spelling) is given twice", highlight: spelling)
            }
            if kind == .bool {
                bools[name] = try Self.bool(spelling, value)
            } else {
                guard let value else { throw Self.missingValue(spelling) }
                texts[name, default: []].append(value)
            }
        }
    }

    private static func bool(_ spelling: String, _ value: String?) throws(DockerfileError) -> Bool {
        switch value?.lowercased() {
        case nil, "true"?: return true
        case "false"?: return false
        case ""?: throw missingValue(spelling)
        default:
            throw DockerfileError(
                .flag, "the flag \(spelling) is true or false, not: \(value ?? "")", highlight: spelling)
        }
    }

    private static func missingValue(_ spelling: String) -> DockerfileError {
        DockerfileError(.flag, "the flag \(spelling) needs a value: \(spelling)=…", highlight: spelling)
    }

    /// A flag's value; nil when it is not given or empty.
    func text(_ name: String) -> String? {
        guard let value = texts[name]?.first, !value.isEmpty else { return nil }
        return value
    }

    /// A flag's value, the empty one too.
    func rawText(_ name: String) -> String? { texts[name]?.first }

    /// All values of a flag.
    func all(_ name: String) -> [String] { texts[name] ?? [] }

    /// A flag's value; nil when it is not given.
    func bool(_ name: String) -> Bool? { bools[name] }
}
