/// What the boots of a template's copies said.
public struct VerificationReport: Sendable, Hashable, Codable {
    /// One thing that was looked at.
    public struct Check: Sendable, Hashable, Codable {
        /// Its name: `machine-id differs`.
        public var name: String
        /// What is wrong; nil when nothing is.
        public var problem: String?
    }

    /// What was looked at, in order.
    public private(set) var checks: [Check] = []

    /// Makes an empty report.
    public init() {}

    /// Whether nothing is wrong.
    public var passed: Bool { problems.isEmpty }
    /// What is wrong, a line each.
    public var problems: [String] { checks.compactMap { check in check.problem.map { "\(check.name): \($0)" } } }

    /// Notes what was looked at.
    public mutating func note(_ name: String, _ problem: String?) { checks.append(Check(name: name, problem: problem)) }

    /// Compares two copies, and the first one with itself after a reboot, with what the template's record promises.
    public mutating func compare(
        first: CopyObservation, rebooted: CopyObservation, second: CopyObservation, with record: TemplateRecord
    ) {
        note("machine-id is made by each copy", first.machineID.count == 32 ? nil : "it is '\(first.machineID)'")
        note("machine-id differs between copies", first.machineID != second.machineID ? nil : first.machineID)
        note(
            "machine-id stays on reboot",
            first.machineID == rebooted.machineID ? nil : "\(first.machineID) became \(rebooted.machineID)")
        note("host keys are made by each copy", first.hostKeys.isEmpty ? "there are none" : nil)
        let shared = Set(first.hostKeys).intersection(second.hostKeys)
        note("host keys differ between copies", shared.isEmpty ? nil : "\(shared.count) are the same")
        note("host keys stay on reboot", first.hostKeys == rebooted.hostKeys ? nil : "they changed")
        note("the reboot was one", first.bootID != rebooted.bootID ? nil : "the boot's number is the same")
        for (name, copy) in [("first boot", first), ("second copy", second), ("after the reboot", rebooted)] {
            note("\(name): no trace of the build", Self.list(copy.traces))
            note(
                "\(name): failed units", Self.list(copy.failedUnits.filter { !(record.failedUnits ?? []).contains($0) })
            )
            note("\(name): enabled units", enabledUnits(copy, record))
            if let service = copy.service {
                note("\(name): the service is up", service == "active" ? nil : "it is \(service)")
            }
            if let health = copy.health { note("\(name): HEALTHCHECK", health == "healthy" ? nil : "it is \(health)") }
            note("\(name): EXPOSEd ports answer", Self.list(copy.silentPorts))
        }
    }

    private func enabledUnits(_ copy: CopyObservation, _ record: TemplateRecord) -> String? {
        guard let recorded = record.enabledUnits else { return nil }
        let expected = Set(recorded + [Self.hostKeysUnit])
        let found = Set(copy.enabledUnits)
        return Self.list(
            found.subtracting(expected).sorted().map { "\($0) is enabled" }
                + expected.subtracting(found).sorted().map { "\($0) is not enabled any more" })
    }

    private static func list(_ words: [String]) -> String? { words.isEmpty ? nil : words.joined(separator: ", ") }

    /// The one unit that the seal adds.
    private static let hostKeysUnit = "replay-host-keys.service"
}
