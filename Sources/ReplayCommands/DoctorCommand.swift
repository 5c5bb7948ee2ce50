import ArgumentParser
import Clouds
import FoundationEssentials
import QEMUDriver
import Store
import VSphereDriver

/// `replay doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine has and lacks for replay, each with its fix.",
        discussion: "Ends with status 0 when builds can run here, 4 when something that is needed is missing.")

    @Option(help: "The cloud to ask about, besides this machine.")
    var cloud: String = "qemu"

    @OptionGroup var places: CloudOptions

    @Flag(help: "Answer as JSON.")
    var json = false

    func run() async throws {
        if cloud == "vsphere" { return try await examineVSphere() }
        let workshop = try Workshop(cloud: cloud)
        let findings = await QEMUDoctor(directories: workshop.machineDirectories, environment: workshop.environment)
            .examine()
        if json {
            try StandardOutput.write(json: findings)
        } else {
            let width = findings.map(\.name.count).max() ?? 0
            for finding in findings {
                let name = finding.name + String(repeating: " ", count: width - finding.name.count)
                StandardOutput.write("\(finding.status.mark)  \(name)  \(finding.detail)\n")
                if let fix = finding.fix {
                    StandardOutput.write("   \(String(repeating: " ", count: width))  fix: \(fix)\n")
                }
            }
        }
        if findings.contains(where: { $0.status == .missing }) {
            throw CommandStatus(code: ExitStatusCode.cloud.rawValue)
        }
    }
}

extension DoctorCommand {
    /// What a vCenter's account may do, and what it lacks.
    private func examineVSphere() async throws {
        let workshop = try Workshop(cloud: cloud, flags: places.flags)
        guard let driver = workshop.driver as? VSphereDriver else { return }
        let findings = try await workshop.whileOpen { await VSphereDoctor(driver).findings() }
        if json {
            try StandardOutput.write(json: findings)
        } else {
            for finding in findings {
                StandardOutput.write("\(finding.isGood ? "ok     " : "MISSING")  \(finding.subject): \(finding.text)\n")
            }
        }
        guard findings.allSatisfy(\.isGood) else { throw CommandStatus(code: ExitStatusCode.cloud.rawValue) }
    }
}

extension QEMUDoctor.Finding.Status {
    /// The sign in front of a finding.
    fileprivate var mark: String {
        switch self {
        case .ok: "ok     "
        case .warn: "warning"
        case .missing: "MISSING"
        }
    }
}
