/// The service that ENTRYPOINT and CMD became on the machine.
public struct ServiceRecord: Sendable, Hashable, Codable {
    /// The name of its unit: `replay-app.service`.
    public var unit: String
    /// Whether it starts when a copy of the template boots; false after `--service disable`.
    public var enabled: Bool
    /// What is run: ENTRYPOINT and CMD as one argument vector.
    public var arguments: [String]
    /// USER as written; empty for root.
    public var user: String
    /// The timer that runs the HEALTHCHECK while the service runs; nil when there is none. `replay-health` on the machine
    /// prints the state as its first line (`starting`, `healthy`, `unhealthy`), and exits with 2, 0 and 1 for them; when
    /// the service does not run it prints `stopped` and exits with 3.
    public var healthTimer: String?
    /// Packages' own units that run the same program and were disabled for it, sorted.
    public var displacedUnits: [String]

    /// Makes a record.
    public init(
        unit: String, enabled: Bool, arguments: [String], user: String, healthTimer: String?, displacedUnits: [String]
    ) {
        self.unit = unit
        self.enabled = enabled
        self.arguments = arguments
        self.user = user
        self.healthTimer = healthTimer
        self.displacedUnits = displacedUnits.sorted()
    }
}
