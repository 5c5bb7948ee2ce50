internal import Basemaps
internal import GuestSupervisor
internal import ReplayPlan

/// The service that ENTRYPOINT and CMD become, and the timer that HEALTHCHECK becomes.
///
/// The units have the same names on every machine, whatever the template is called: no package has a unit of that name,
/// and a template that is built on another one replaces its service.
public struct MachineService: Sendable, Hashable {
    /// The name of the service's unit.
    public static let unit = "replay-app.service"
    /// The name of the unit that checks the health once.
    static let healthUnit = "replay-app-health.service"
    /// The name of the timer that starts it.
    public static let healthTimer = "replay-app-health.timer"

    /// What is run.
    public let arguments: [String]
    /// USER as written; empty for root.
    public let user: String
    /// Whether it starts when the machine boots.
    public let isEnabled: Bool
    /// Whether there is a HEALTHCHECK.
    public var hasHealthCheck: Bool { timings != nil }
    /// The programs that no other service may run beside it.
    let programs: [String]
    private let name: String
    private let config: ImageConfig
    private let timings: HealthTimings?

    init(_ command: ServiceCommand, name: String, config: ImageConfig, isEnabled: Bool) {
        arguments = command.arguments
        programs = command.programs
        user = config.user
        self.name = name
        self.config = config
        self.isEnabled = isEnabled
        timings = HealthTimings(config.healthcheck)
    }

    /// STOPSIGNAL where systemd has no such signal.
    var unknownStopSignal: String? { config.stopSignal.flatMap { StopSignal.systemdName($0) == nil ? $0 : nil } }

    /// The units, the scripts that they run, and what these read.
    var files: [MachineFile] {
        var files = [
            MachineFile(path: "/etc/systemd/system/\(Self.unit)", content: unitText),
            MachineFile(path: Self.launcher, mode: "0755", content: Self.launcherText),
            MachineFile(path: Self.serviceScript, content: script(arguments)),
        ]
        if let timings, let check = config.healthcheck {
            files += [
                MachineFile(path: "/etc/systemd/system/\(Self.healthUnit)", content: healthUnitText),
                MachineFile(path: "/etc/systemd/system/\(Self.healthTimer)", content: timerText(timings)),
                MachineFile(path: Self.healthProgram, mode: "0755", content: Self.healthProgramText),
                MachineFile(path: "/etc/replay/healthcheck.conf", content: timings.text),
                MachineFile(path: Self.healthScript, content: script(arguments(of: check))),
            ]
        }
        return files
    }

    // MARK: What is run

    private static let launcher = "/usr/local/lib/replay/run"
    private static let serviceScript = "/etc/replay/service"
    private static let healthScript = "/etc/replay/healthcheck"
    static let healthProgram = "/usr/local/bin/replay-health"

    private static var launcherText: String {
        String(decoding: PackageResources.run_sh, as: UTF8.self) + "\n" + StepScript.prelude + "\n. \"$1\"\n"
    }

    private static var healthProgramText: String { String(decoding: PackageResources.health_sh, as: UTF8.self) }

    private func arguments(of check: Healthcheck) -> [String] {
        let words = Array(check.test.dropFirst())
        guard check.test.first == "CMD-SHELL" else { return words }
        return (config.shell.flatMap { $0.isEmpty ? nil : $0 } ?? ["/bin/sh", "-c"]) + words
    }

    /// The words, the environment and the identity, as a RUN of the Dockerfile would have them; Docker adds the host's
    /// name, and lets every user bind the low ports.
    private func script(_ arguments: [String]) -> String {
        var script = StepScript(arguments: arguments)
        script.user = config.user
        script.workingDirectory = config.workingDirectory
        script.environment = config.environment.map { ($0.name, $0.value) }
        script.namesHost = true
        script.capabilities = ["net_bind_service"]
        return script.text
    }

    // MARK: Units

    /// systemd's own quoting, `%` and `$` rules meet nothing of the Dockerfile's: the launcher reads its words from a file.
    private var unitText: String {
        """
        [Unit]
        Description=\(name), as its Dockerfile starts it
        Documentation=file:/etc/replay/config.json
        Wants=network-online.target\(hasHealthCheck ? " " + Self.healthTimer : "")
        After=network-online.target

        [Service]
        Type=exec
        # USER, ENV, WORKDIR and the argument vector are in \(Self.serviceScript).
        ExecStart=/usr/bin/env -i \(Self.launcher) \(Self.serviceScript)
        KillMode=mixed
        KillSignal=\(config.stopSignal.flatMap(StopSignal.systemdName) ?? "SIGTERM")
        TimeoutStopSec=10
        LimitNOFILE=1048576
        TasksMax=infinity
        StandardInput=null
        StandardOutput=journal
        StandardError=journal
        SyslogIdentifier=\(name)

        [Install]
        WantedBy=multi-user.target

        """
    }

    private var healthUnitText: String {
        """
        [Unit]
        Description=HEALTHCHECK of \(name)
        Documentation=file:/etc/replay/config.json
        BindsTo=\(Self.unit)
        After=\(Self.unit)

        [Service]
        Type=oneshot
        ExecStart=\(Self.healthProgram) --probe
        StandardOutput=journal
        LogLevelMax=notice

        """
    }

    /// Docker counts an interval from the end of the check before. While a service is in its start period the program
    /// itself repeats the check.
    private func timerText(_ timings: HealthTimings) -> String {
        """
        [Unit]
        Description=Timer of the HEALTHCHECK of \(name)
        BindsTo=\(Self.unit)
        After=\(Self.unit)

        [Timer]
        OnActiveSec=\(HealthTimings.span(timings.first))
        OnUnitInactiveSec=\(HealthTimings.span(timings.interval))
        AccuracySec=100ms

        """
    }
}
