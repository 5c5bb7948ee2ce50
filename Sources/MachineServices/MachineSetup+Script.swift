internal import GuestSupervisor

extension MachineSetup {
    /// A script for the supervisor, to be run in the machine's own namespaces: puts everything on the machine and writes
    /// what ``SetupReport`` reads. Run again, it replaces what an earlier run has put there.
    public var script: String {
        var lines = [String(decoding: PackageResources.setup_sh, as: UTF8.self), "setup_clear"]
        lines += directories.map { "setup_directory \(ShellText.quoted($0))" }
        lines += files.map { file in
            "setup_file \(file.mode) \(ShellText.quoted(file.path)) \(ShellText.quoted(file.content))"
        }
        if let service, service.isEnabled {
            let words = [path] + service.programs
            lines.append("setup_displace " + words.map(ShellText.quoted).joined(separator: " "))
            lines.append("setup_enable \(MachineService.unit)")
        }
        lines.append("setup_report")
        return lines.joined(separator: "\n") + "\n"
    }
}

/// What the machine was like when ``MachineSetup/script`` had run.
public struct SetupReport: Sendable, Hashable, Codable {
    /// The units that were enabled, sorted.
    public private(set) var enabledUnits: [String] = []
    /// The units that had failed, sorted.
    public private(set) var failedUnits: [String] = []
    /// Packages' units that were disabled because they run the service's program, sorted.
    public private(set) var displacedUnits: [String] = []

    /// Reads what the script wrote; lines that are none of its own do not matter.
    public init(_ output: String) {
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "replay-setup" else { continue }
            switch words[1] {
            case "enabled": enabledUnits.append(String(words[2]))
            case "failed": failedUnits.append(String(words[2]))
            case "displaced": displacedUnits.append(String(words[2]))
            default: break
            }
        }
        enabledUnits.sort()
        failedUnits.sort()
        displacedUnits.sort()
    }
}
