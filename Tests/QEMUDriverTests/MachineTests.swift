import Clouds
import Foundation
import ReplayEvents
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("Machines under QEMU", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct MachineTests {
    @Test(arguments: CloudDriverConformance.all)
    func contract(check: ConformanceCheck<CloudDriverConformance.Subject>) async throws {
        try await QEMUFixture.with { fixture in
            try await check(
                .init(
                    driver: fixture.driver, source: fixture.image(), destination: fixture.scratch.path.string,
                    memoryMiB: 32))
        }
    }

    @Test func aGuestThatPowersOffIsStopped() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch(TinyGuest.ephemeral)
            try await fixture.wait(for: .stopped, instance)
            #expect(try await fixture.driver.console(of: instance, last: 2) == Array("R\n".utf8))
            #expect(try await fixture.driver.addresses(of: instance).isEmpty)
        }
    }

    @Test func aGuestObeysItsPowerButton() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            try await fixture.driver.stop(instance, graceful: true)
            try await fixture.wait(for: .stopped, instance)
        }
    }

    @Test func aResetBootsTheGuestAgain() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            try await fixture.driver.reset(instance)
            try await fixture.waitForConsole(instance, "R\nR\n")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL, SIGSEGV])
    func aMachineThatSomebodyElseEndedHasFailed(signal: Int32) async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            let identity = try await fixture.identity(of: instance)
            #expect(identity.send(signal: signal))
            let error = await #expect(throws: CloudError.self) { try await fixture.wait(for: .stopped, instance) }
            #expect(error?.code == .launchFailed)
            #expect(error?.message.contains("signal") == true, "\(String(describing: error))")
            #expect(error?.context == ["R"])
        }
    }

    @Test func itRunsInASessionOfItsOwnAndLeavesNoZombie() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            let identity = try await fixture.identity(of: instance)
            #expect(getsid(identity.identifier) == identity.identifier)
            try await fixture.driver.stop(instance, graceful: false)
            try await fixture.wait(for: .stopped, instance)
            #expect(!identity.isAlive)
        }
    }

    @Test func twoDriversShareDirectories() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            let other = QEMUFixture(fixture.scratch).driver
            #expect(try await other.state(of: instance) == .starting)
            #expect(try await other.addresses(of: instance) == fixture.driver.addresses(of: instance))
            #expect(try await other.inventory().map(\.kind) == [.process, .file, .directory])
            try await fixture.driver.stop(instance, graceful: false)
            try await fixture.wait(for: .stopped, instance)
            _ = try await Waiter(firstPause: .milliseconds(5)).wait(for: "the note of its end", within: .seconds(10)) {
                try await other.state(of: instance) == .stopped ? true : nil
            }
        }
    }

    @Test func filesAreForTheirOwnerOnly() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            let paths = MachinePaths(instance.build, in: fixture.directories)
            for directory in [paths.directory, fixture.directories.runtime] {
                #expect(
                    try directory.stat().permissions.intersection([.groupReadWriteExecute, .otherReadWriteExecute])
                        .isEmpty)
            }
            #expect(try paths.seed.stat().permissions == [.ownerReadWrite])
            let seed = try SmallFile.read(paths.seed)
            #expect(String(decoding: seed[(16 * 2048 + 40)...].prefix(6), as: UTF8.self).lowercased() == "cidata")
        }
    }

    @Test func portsLeadIntoTheGuest() async throws {
        try await QEMUFixture.with { fixture in
            let wanted = [PortForward(hostPort: 0, guestPort: 80), PortForward(hostPort: 0, guestPort: 22)]
            let instance = try await fixture.launch(spec: fixture.spec(forwards: wanted))
            let forwards = try fixture.driver.forwards(of: instance)
            #expect(forwards.map(\.guestPort) == [22, 80, 22])
            #expect(Set(forwards.map(\.hostPort)).count == 3)
            #expect(forwards.allSatisfy { $0.hostPort > 1023 && $0.hostAddress == "127.0.0.1" })
            let address = try await fixture.driver.addresses(of: instance)
            #expect(address == [GuestAddress(host: "127.0.0.1", port: forwards[0].hostPort)])
        }
    }

    @Test func aPortThatIsTakenIsNamed() async throws {
        try await QEMUFixture.with { fixture in
            let first = try await fixture.launch()
            let taken = try #require(try await fixture.driver.addresses(of: first).first).port
            let spec = fixture.spec(forwards: [PortForward(hostPort: taken, guestPort: 80)])
            let error = await #expect(throws: CloudError.self) { try await fixture.launch(spec: spec) }
            #expect(error?.code == .missingPrerequisite)
            #expect(error?.message.contains("127.0.0.1:\(taken)") == true)
            let left = try await fixture.ledger.entries(of: spec.build)
            #expect(left.map(\.resource.kind) == [.process, .file, .directory])
        }
    }

    @Test(arguments: [
        PortForward(hostAddress: "localhost,restrict=off", hostPort: 0, guestPort: 80),
        PortForward(hostAddress: "127.0.0.1", hostPort: 70000, guestPort: 80),
        PortForward(hostAddress: "1.2.3", hostPort: 1, guestPort: 80), PortForward(hostPort: 0, guestPort: 0),
    ])
    func anAddressThatIsNoneIsRefusedBeforeAnythingIsMade(forward: PortForward) async throws {
        try await QEMUFixture.with { fixture in
            await #expect(throws: CloudError.self) { try await fixture.launch(spec: fixture.spec(forwards: [forward])) }
            #expect(await fixture.ledger.history.isEmpty)
        }
    }

    @Test func aRestartedMachineIsReachedAgain() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            try await fixture.driver.stop(instance, graceful: false)
            try await fixture.wait(for: .stopped, instance)
            try await fixture.driver.start(instance)
            try await fixture.waitForConsole(instance, "R\nR\n")
            #expect(try await fixture.driver.addresses(of: instance).count == 1)
        }
    }

    @Test func cancellingALaunchLeavesWhatTheLedgerKnows() async throws {
        try await QEMUFixture.with { fixture in
            for delay in [0, 5, 20, 40, 80] {
                let spec = fixture.spec()
                let launching = Task { try await fixture.launch(spec: spec) }
                try await Task.sleep(for: .milliseconds(delay))
                launching.cancel()
                _ = try? await launching.value
                try await CloudDriverConformance.undo(spec.build, fixture.ledger, fixture.driver)
                #expect(try await fixture.driver.inventory().isEmpty, "cancelled after \(delay) ms")
            }
        }
    }
}
