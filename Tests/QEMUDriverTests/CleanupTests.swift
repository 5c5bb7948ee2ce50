import Clouds
import Foundation
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("Cleaning up", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct CleanupTests {
    /// What another `replay` sees of a machine whose own was killed: the ledger's entries, and no more.
    @Test(arguments: [true, false]) func anotherReplayEndsWhatADeadOneLeft(noted: Bool) async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            let identity = try await fixture.identity(of: instance)
            let other = QEMUFixture(fixture.scratch).driver
            for entry in try await fixture.ledger.entries(of: instance.build) {
                var resource = entry.resource
                if !noted { resource.reference = nil }
                try await other.destroy(resource)
            }
            #expect(try await other.inventory().isEmpty)
            #expect(try await other.state(of: instance) == .absent)
            #expect(!identity.isRunning)
        }
    }

    @Test func aProcessWithTheSameNumberIsSpared() async throws {
        try await QEMUFixture.with { fixture in
            let stranger = try await MachineProcess.start("/usr/bin/sleep", ["3600"], log: fixture.scratch("log"))
            let build = BuildID.random()
            let number = stranger.identity.identifier
            for (token, reference) in [
                ("replay-\(build)", "\(number):1"), ("replay-\(build)", stranger.identity.description),
                ("/somewhere/x.partial", "\(number):1"), ("/somewhere/x.partial", stranger.identity.description),
            ] {
                try await fixture.driver.destroy(
                    Resource(cloud: "qemu", kind: .process, build: build, token: token, reference: reference))
            }
            #expect(stranger.isRunning)
            try await fixture.driver.kill(stranger.identity)
        }
    }

    @Test func anEditorThatHasTheFileOpenIsSpared() async throws {
        try await QEMUFixture.with { fixture in
            let build = BuildID.random()
            let token = fixture.scratch(DiskCapture.partialName(of: build)).string
            let editor = try fixture.scratch.write("#!/bin/sh\nsleep 3600\n", to: "editor", mode: 0o755)
            let stranger = try await MachineProcess.start(editor, [token], log: fixture.scratch("log"))
            try await fixture.driver.destroy(Resource(cloud: "qemu", kind: .process, build: build, token: token))
            #expect(stranger.isRunning)
            try await fixture.driver.kill(stranger.identity)
        }
    }

    @Test(arguments: ["/etc/hostname", "/", "", "relative", "@machines", "@machines/../x", "@scratch/disk.qcow2"])
    func whatIsNotOursIsNotRemoved(token: String) async throws {
        try await QEMUFixture.with { fixture in
            try await fixture.driver.preflight()
            try fixture.scratch.write("x", to: "x")
            try fixture.scratch.write("x", to: "disk.qcow2")
            let path = token.replacing("@machines", with: fixture.directories.machines.string)
                .replacing("@scratch", with: fixture.scratch.path.string)
            for kind in [ResourceKind.file, .directory] {
                let error = await #expect(throws: CloudError.self) {
                    try await fixture.driver.destroy(
                        Resource(cloud: "qemu", kind: kind, build: .random(), token: path))
                }
                #expect(error?.code == .unsupported)
            }
            #expect(fixture.scratch.holds("x") && fixture.scratch.holds("disk.qcow2"))
            #expect((try? fixture.directories.machines.stat()) != nil)
        }
    }

    @Test func aRunningMachinesDiskIsNotPulledFromUnderIt() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            let entries = try await fixture.ledger.entries(of: instance.build)
            let directory = try #require(entries.first { $0.resource.kind == .directory })
            await #expect(throws: CloudError.self) { try await fixture.driver.destroy(directory.resource) }
            #expect(try await fixture.driver.state(of: instance) == .running)
        }
    }

    @Test func anotherCloudsResourcesAreNotTouched() async throws {
        try await QEMUFixture.with { fixture in
            for resource in [
                Resource(cloud: "ec2", kind: .file, build: .random(), token: "x"),
                Resource(cloud: "qemu", kind: .virtualMachine, build: .random(), token: "x"),
            ] {
                let error = await #expect(throws: CloudError.self) { try await fixture.driver.destroy(resource) }
                #expect(error?.code == .unsupported)
            }
        }
    }

    @Test func machinesOfOtherDirectoriesAreNotInTheInventory() async throws {
        try await QEMUFixture.with { fixture in
            _ = try await fixture.launch()
            let other = QEMUFixture(try ScratchDirectory("other"))
            #expect(try await other.driver.inventory().isEmpty)
        }
    }
}
