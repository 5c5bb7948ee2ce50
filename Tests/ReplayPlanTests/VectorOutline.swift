import Basemaps
import DockerfileLanguage
import ReplayTestSupport

@testable import ReplayPlan

/// What a front end answers, as lines of text that can be compared: configuration and operations.
enum VectorOutline {
    /// BuildKit's operations: commands, copies and directories in order. Sources and small files are inputs of these.
    static func operations(_ row: VectorFile.Row) -> [String] {
        var lines: [String] = []
        for operation in row.output["ops"]?.array?.compactMap(\.object) ?? [] {
            if let exec = operation["exec"]?.object {
                let hasAgent = exec["mounts"]?.array?.contains { $0.object?["type"]?.string == "SSH" } ?? false
                let environment = (exec["env"]?.strings ?? []).filter { !hasAgent || !$0.hasPrefix("SSH_AUTH_SOCK=") }
                lines.append(
                    "exec \(exec["args"]?.strings ?? []) in \(exec["cwd"]?.string ?? "") as "
                        + "\(exec["user"]?.string ?? "") env \(environment) network \(exec["network"]?.string ?? "") "
                        + "security \(exec["security"]?.string ?? "")")
                lines += (exec["mounts"]?.array?.compactMap(\.object) ?? []).compactMap(mount).sorted()
            }
            for action in operation["file"]?.array?.compactMap(\.object) ?? [] {
                if let mkdir = action["mkdir"]?.object, mkdir["path"]?.string != "/cache" {
                    lines.append("mkdir \(mkdir["path"]?.string ?? "") owner \(mkdir["owner"]?.string ?? "")")
                }
                if let file = action["mkfile"]?.object {
                    lines.append("file \(file["path"]?.string ?? "") \((file["data"]?.string ?? "").debugDescription)")
                }
                if let copy = action["copy"]?.object {
                    let required = copy["required"]?.strings.first ?? ""
                    lines.append(
                        "copy \(copy["src"]?.string ?? "") to \(copy["dest"]?.string ?? "") mode "
                            + "\(copy["mode"]?.string ?? "") owner \(copy["owner"]?.string ?? "") include "
                            + "\(copy["include"]?.strings ?? []) exclude \(copy["exclude"]?.strings ?? []) required "
                            + "\(required) unpack \(copy["unpack"]?.bool ?? false) wildcard "
                            + "\(copy["wildcard"]?.bool ?? false)")
                }
            }
        }
        return ordered(lines)
    }

    /// BuildKit makes the files of heredocs before it copies any, equal ones once, in no certain order.
    private static func ordered(_ lines: [String]) -> [String] {
        lines.filter { !$0.hasPrefix("file ") } + Set(lines.filter { $0.hasPrefix("file ") }).sorted()
    }

    /// The same of the planner's operations.
    static func operations(_ operations: [BuildOperation]) -> [String] {
        let lines = operations.flatMap { operation -> [String] in
            switch operation.kind {
            case .makeDirectory(let directory):
                return ["mkdir \(directory.path) owner \(owner(directory.user, numbersAlone: false))"]
            case .run(let run):
                let environment = run.environment.map { "\($0.name)=\($0.value)" }
                let network = run.network == .default ? "" : run.network.rawValue.uppercased()
                let security = run.security == .sandbox ? "" : run.security.rawValue.uppercased()
                return [
                    "exec \(run.arguments) in \(run.workingDirectory) as \(run.user) env \(environment) network "
                        + "\(network) security \(security)"
                ] + mounts(of: run) + run.scripts.map { file($0) }
            case .copy(let copy):
                return copy.sources.map { line($0, of: copy) }
                    + copy.sources.compactMap { if case .inline(let document) = $0 { file(document) } else { nil } }
            }
        }
        return ordered(lines)
    }

    private static func file(_ file: InlineFile) -> String { "file /\(file.name) \(file.content.debugDescription)" }

    /// The rules and lines of warnings; their order and wording are each builder's own.
    static func warnings(_ row: VectorFile.Row) -> [String] {
        (row.output["warnings"]?.array?.compactMap(\.object) ?? []).map { warning in
            "\(warning["rule"]?.string ?? "") \(warning["lines"]?.array?.compactMap(\.int) ?? [])"
        }.sorted()
    }

    /// The same of the planner's.
    static func warnings(_ warnings: [PlanWarning]) -> [String] {
        warnings.filter { $0.rule != LintRule.foreignFrontend.rawValue }.map { warning in
            "\(warning.rule) \(warning.lines.map { [$0.first, $0.last] } ?? [])"
        }.sorted()
    }

    private static func line(_ source: CopyInput, of copy: CopyOperation) -> String {
        var path = ""
        var include: [String] = []
        var required = ""
        var unpacks = false
        var isTree = false
        switch source {
        case .inline(let file): path = "/" + file.name
        case .download(let download, let unpack):
            path = "/" + download.name
            unpacks = unpack
        case .repository: path = "/"
        case .tree(let tree):
            path = tree.path
            include = tree.include.map { [$0] } ?? []
            required = tree.required ?? ""
            unpacks = tree.unpacks
            isTree = true
        }
        let octal = copy.mode.flatMap { UInt32($0, radix: 8) }.map { "0" + String($0, radix: 8) }
        return "copy \(path) to \(copy.destination) mode \(octal ?? copy.mode ?? "") owner "
            + "\(owner(copy.owner ?? "", numbersAlone: false)) include \(include) exclude \(copy.excludes) required "
            + "\(required) unpack \(unpacks) wildcard \(isTree)"
    }

    /// An owner as the build graph's text form has it.
    private static func owner(_ text: String, numbersAlone: Bool) -> String {
        guard !text.isEmpty else { return "" }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        func field(_ name: String, _ value: Substring) -> String {
            UInt32(value) == nil ? "\(name):{byName:{name:\"\(value)\"}}" : "\(name):{byID:\(value)}"
        }
        return ([field("user", parts[0])] + parts.dropFirst().map { field("group", $0) }).joined(separator: " ")
    }

    /// BuildKit's configuration as ours.
    static func config(_ object: [String: JSONValue]) -> [String: JSONValue] {
        var config = object
        config["ArgsEscaped"] = nil
        if config["WorkingDir"] == nil { config["WorkingDir"] = .string("/") }
        return config.filter { $0.value != .object([:]) && $0.value != .array([]) && $0.value != .string("") }
    }

    /// Our configuration in the form of BuildKit's.
    static func config(_ config: ImageConfig) -> [String: JSONValue] {
        func set(_ names: [String]) -> JSONValue {
            .object(Dictionary(uniqueKeysWithValues: names.map { ($0, .object([:])) }))
        }
        func list(_ texts: [String]?) -> JSONValue { .array((texts ?? []).map(JSONValue.string)) }
        var object: [String: JSONValue] = [
            "Env": list(config.environment.map { "\($0.name)=\($0.value)" }),
            "Cmd": list(config.command), "Entrypoint": list(config.entrypoint), "Shell": list(config.shell),
            "User": .string(config.user), "WorkingDir": .string(config.workingDirectory),
            "StopSignal": .string(config.stopSignal ?? ""), "OnBuild": list(config.onBuild),
            "ExposedPorts": set(config.exposedPorts), "Volumes": set(config.volumes),
            "Labels": .object(config.labels.mapValues(JSONValue.string)),
        ]
        if let check = config.healthcheck {
            var fields: [String: JSONValue] = ["Test": list(check.test)]
            for (name, value) in [
                ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.startPeriod),
                ("StartInterval", check.startInterval), ("Retries", Int64(check.retries)),
            ] where value != 0 { fields[name] = .number(Double(value)) }
            object["Healthcheck"] = .object(fields)
        }
        return object.filter { $0.value != .object([:]) && $0.value != .array([]) && $0.value != .string("") }
    }

    /// The base's configuration that a request carries, or the stub's.
    static func base(_ row: VectorFile.Row) -> BaseImage {
        let image = row.input["base"]?.object
        let platform = Platform(
            system: image?["os"]?.string ?? "linux", architecture: image?["architecture"]?.string ?? "amd64",
            variant: image?["variant"]?.string ?? "")
        return BaseImage(config: baseConfig(row), platform: platform)
    }

    private static func baseConfig(_ row: VectorFile.Row) -> ImageConfig {
        guard let config = row.input["base"]?.object?["config"]?.object else {
            var stub = ImageConfig(environment: [EnvironmentVariable("PATH", StageState.defaultPath)])
            stub.command = ["bash"]
            return stub
        }
        var base = ImageConfig(
            environment: (config["Env"]?.strings ?? []).map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return EnvironmentVariable(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            })
        base.command = config["Cmd"]?.strings
        base.entrypoint = config["Entrypoint"]?.strings
        base.user = config["User"]?.string ?? ""
        base.workingDirectory = config["WorkingDir"]?.string ?? ""
        base.shell = config["Shell"]?.strings
        base.onBuild = config["OnBuild"]?.strings ?? []
        return base
    }
}
