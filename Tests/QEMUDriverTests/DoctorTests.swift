import ReplayTestSupport
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("The doctor")
struct DoctorTests {
    private func examine(path: String, device: String = "/nonexistent/kvm") async throws -> [QEMUDoctor.Finding] {
        let scratch = try ScratchDirectory("doctor")
        defer { scratch.remove() }
        let directories = QEMUDirectories(
            machines: scratch("a/b/machines"), cache: scratch("cache"), runtime: scratch("run"), environment: [:])
        return await QEMUDoctor(directories: directories, environment: ["PATH": path], accelerator: .init(device))
            .examine()
    }

    @Test func whatIsMissingHasAFix() async throws {
        let findings = try await examine(path: "/nonexistent")
        let qemu = try #require(findings.first { $0.name == "qemu" })
        #expect(qemu.status == .missing)
        #expect(qemu.fix?.contains("apt-get install qemu-system-x86") == true)
        #expect(findings.allSatisfy { $0.status == .ok || $0.fix != nil || $0.detail.contains("not known") })
    }

    @Test(.enabled(if: QEMUFixture.isPossible, QEMUFixture.needs)) func emulationIsAWarning() async throws {
        let findings = try await examine(path: QEMUFixture.searchPath)
        #expect(findings.first { $0.name == "qemu" }?.status == .ok)
        #expect(findings.first { $0.name == "acceleration" }?.status == .warn)
        for name in ["disk", "memory", "mmdebstrap", "extlinux"] { #expect(findings.contains { $0.name == name }) }
    }

    @Test(.enabled(if: QEMUFixture.isPossible, QEMUFixture.needs)) func thisMachinesAccelerationHasAVerdict()
        async throws
    {
        let findings = try await examine(path: QEMUFixture.searchPath, device: "/dev/kvm")
        let finding = try #require(findings.first { $0.name == "acceleration" })
        #expect(!finding.detail.contains("could not be tried"), "\(finding)")
    }
}
