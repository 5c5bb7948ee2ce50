internal import Clouds
internal import HTTPTransport

/// What an account may and may not do, and what a vCenter is, for `replay doctor --cloud vsphere`.
public struct VSphereDoctor: Sendable {
    /// One finding.
    public struct Finding: Sendable, Hashable, Codable {
        /// What was looked at.
        public var subject: String
        /// Whether it is as it must be.
        public var isGood: Bool
        /// What was found, and what to do when it is not good.
        public var text: String
    }

    /// What the job needs, and where: names of `VirtualMachine.Provisioning` and so on in the vSphere documentation.
    static let privileges = [
        "VirtualMachine.Provisioning.DeployTemplate", "VirtualMachine.Provisioning.Clone",
        "VirtualMachine.Inventory.CreateFromExisting", "VirtualMachine.Inventory.Delete",
        "VirtualMachine.Config.AdvancedConfig", "VirtualMachine.Config.CPUCount", "VirtualMachine.Config.Memory",
        "VirtualMachine.Config.Annotation", "VirtualMachine.Config.EditDevice", "VirtualMachine.Config.DiskExtend",
        "VirtualMachine.Config.Rename", "VirtualMachine.Interact.PowerOn", "VirtualMachine.Interact.PowerOff",
        "VirtualMachine.Interact.Reset", "VirtualMachine.Interact.AnswerQuestion",
        "VirtualMachine.Provisioning.MarkAsTemplate", "VirtualMachine.Provisioning.PromoteDisks",
        "VirtualMachine.State.RemoveSnapshot",
        "Datastore.AllocateSpace", "Network.Assign", "Resource.AssignVMToPool",
    ]

    private let driver: VSphereDriver

    /// Makes a doctor.
    public init(_ driver: VSphereDriver) { self.driver = driver }

    /// Looks at the certificate, the login, the datacenter and the privileges, and goes on as far as it can.
    public func findings() async -> [Finding] {
        var findings: [Finding] = []
        let account = driver.account
        do {
            let certificate = try await ServerCertificate.fetch(from: account.url)
            findings.append(
                Finding(
                    subject: "certificate", isGood: true,
                    text: "\(account.url) shows SHA-256 \(certificate.thumbprintSHA256)"))
        } catch {
            return [Finding(subject: "certificate", isGood: false, text: "\(account.url) shows none: \(error)")]
        }
        do {
            let service = try await driver.session.service()
            let about = service.content.at("about", "fullName")?.text ?? "a vCenter"
            findings.append(Finding(subject: "login", isGood: true, text: "\(account.user) at \(about)"))
            let datacenter = try await driver.inventoryOfNames.datacenter()
            findings.append(Finding(subject: "datacenter", isGood: true, text: datacenter.path))
            findings.append(try await privileges(service, on: datacenter))
        } catch let error as CloudError {
            findings.append(
                Finding(
                    subject: findings.count == 1 ? "login" : findings.count == 2 ? "datacenter" : "privileges",
                    isGood: false, text: error.description))
        } catch { findings.append(Finding(subject: "login", isGood: false, text: "\(error)")) }
        return findings
    }

    private func privileges(
        _ service: VimSession.Service, on datacenter: Inventory.Datacenter
    ) async throws -> Finding {
        let action = "ask for the account's privileges"
        guard
            let session = try await driver.session.properties(
                of: service.object("sessionManager"), ["currentSession"], to: action)?["currentSession"]?["key"]?.text
        else { throw VSphereError.protocolViolation("it does not tell the current session") }
        let answer = try await driver.session.call(
            "HasPrivilegeOnEntities", { try $0.object("authorizationManager") },
            [Element("entity", datacenter.machines), Element("sessionId", session)]
                + Self.privileges.map { Element("privId", $0) }, to: action)
        let missing = answer.all("returnval").flatMap { $0.all("privAvailability") }
            .filter { $0["isGranted"]?.isTrue != true }.compactMap { $0["privId"]?.text }
        return Finding(
            subject: "privileges", isGood: missing.isEmpty,
            text: missing.isEmpty
                ? "the account may do all that is needed below \(datacenter.path)"
                : "the account lacks, below \(datacenter.path)/vm: \(missing.joined(separator: ", "))")
    }
}
