internal import Basemaps
internal import FoundationEssentials
public import ReplayPlan

/// What a machine gets when the steps of its Dockerfile are done, so that it is what a container of the image would be: the
/// service, the health check, ENV for logins, the directories of VOLUME, and what the Dockerfile says of itself.
///
/// Pure: the same plan gives the same files. ``script`` puts them on the machine.
public struct MachineSetup: Sendable, Hashable {
    /// The files, by path.
    public let files: [MachineFile]
    /// VOLUME: directories that must be there; what is in them stays.
    public let directories: [String]
    /// The service; nil when there is none.
    public let service: MachineService?
    /// What the user should know, one sentence each.
    public let notices: [String]
    /// PATH of ENV: where the service's program is found.
    let path: String

    /// Decides what the machine gets.
    /// - Parameters:
    ///   - name: The template's name, for descriptions and the journal.
    ///   - config: The configuration that an image of the Dockerfile would have.
    ///   - steps: What was done, for the history.
    ///   - policy: What becomes of ENTRYPOINT and CMD.
    ///   - commandIsReplayed: Whether ENTRYPOINT and CMD stand in the Dockerfiles that were replayed, and do not merely come
    ///     with the base image, whose command is for people at a terminal.
    public init(
        name: String, config: ImageConfig, steps: [Step], policy: ServicePolicy, commandIsReplayed: Bool
    ) throws {
        var notices: [String] = []
        service = Self.service(
            name: name, config: config, policy: policy, commandIsReplayed: commandIsReplayed, notices: &notices)
        if service == nil {
            let idle = [
                config.healthcheck.flatMap { HealthTimings($0) } == nil ? nil : "HEALTHCHECK",
                config.stopSignal == nil ? nil : "STOPSIGNAL",
            ].compactMap { $0 }
            if !idle.isEmpty, policy != .none {
                notices.append("recorded without effect, as there is no service: \(idle.joined(separator: ", "))")
            }
        } else if let signal = service?.unknownStopSignal {
            notices.append("STOPSIGNAL \(signal) is no signal of Linux: the service is stopped with SIGTERM")
        }
        if !config.onBuild.isEmpty {
            notices.append("ONBUILD is recorded in /etc/replay/config.json and does nothing yet")
        }

        var directories: [String] = []
        for volume in config.volumes {
            if volume.hasPrefix("/") {
                directories.append(volume)
            } else {
                notices.append("VOLUME \(volume) is no absolute path: no directory is made for it")
            }
        }
        self.directories = directories
        self.notices = notices
        path = config.environment.last { $0.name == "PATH" }?.value ?? ""
        let history = steps.map { HistoryEntry(instruction: $0.title, lines: $0.lines, digest: $0.digest) }
        var files = [
            MachineFile(path: "/etc/replay/config.json", content: try Self.json(config)),
            MachineFile(path: "/etc/replay/labels.json", content: try Self.json(config.labels)),
            MachineFile(path: "/etc/replay/history.json", content: try Self.json(history)),
        ]
        if let profile = LoginEnvironment.profile(config.environment) {
            files.append(MachineFile(path: "/etc/profile.d/50-replay.sh", content: profile))
        }
        files += service?.files ?? []
        self.files = files.sorted { $0.path < $1.path }
    }

    private static func service(
        name: String, config: ImageConfig, policy: ServicePolicy, commandIsReplayed: Bool, notices: inout [String]
    ) -> MachineService? {
        guard policy != .none, commandIsReplayed else { return nil }
        do {
            let command = try ServiceCommand(config)
            return MachineService(command, name: name, config: config, isEnabled: policy == .enable)
        } catch {
            if let sentence = error.sentence { notices.append(sentence) }
            return nil
        }
    }

    /// One line of `/etc/replay/history.json`.
    private struct HistoryEntry: Encodable {
        var instruction: String
        var lines: LineRange
        var digest: String
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
