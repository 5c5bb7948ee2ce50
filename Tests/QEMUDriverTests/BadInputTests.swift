import Clouds
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("What cannot be launched", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct BadInputTests {
    @Test func withoutQEMUTheErrorSaysHowToGetIt() async throws {
        try await ScratchDirectory.with { scratch in
            let directories = QEMUDirectories(
                machines: scratch("machines"), cache: scratch("cache"), runtime: scratch("run"), environment: [:])
            let driver = QEMUDriver(
                directories: directories, bases: { _, _, _ in throw CancellationError() },
                environment: ["PATH": scratch.path.string])
            let error = await #expect(throws: CloudError.self) { try await driver.preflight() }
            #expect(error?.code == .missingPrerequisite)
            #expect(error?.message.contains("apt-get install qemu-system-x86") == true)
            let names = try scratch.names()
            #expect(names.isEmpty)
        }
    }

    @Test func withQEMUPreflightIsContent() async throws {
        try await QEMUFixture.with { fixture in try await fixture.driver.preflight() }
    }

    @Test func anImageThatDoesNotExistIsNotFound() async throws {
        try await QEMUFixture.with { fixture in
            let image = CloudImage(cloud: "qemu", reference: "/nowhere/x.qcow2", digest: nil, origin: "test")
            let error = await #expect(throws: CloudError.self) {
                try await fixture.driver.launch(fixture.spec(), from: .image(image), ledger: fixture.ledger) { _ in }
            }
            #expect(error?.code == .notFound)
            #expect(await fixture.ledger.history.isEmpty)
        }
    }

    @Test func anImageThatLeadsToAnotherFileIsRefused() async throws {
        try await QEMUFixture.with { fixture in
            let secret = try fixture.scratch.write([UInt8](repeating: 7, count: 1 << 20), to: "secret")
            let image = fixture.scratch("image.qcow2")
            let tools = try QEMUTools.locate(searchPath: QEMUFixture.searchPath)
            let made = try await LocalCommand(
                tools.image, ["create", "-q", "-f", "qcow2", "-F", "raw", "-b", secret.string, image.string]
            ).run()
            #expect(made.succeeded)
            let error = await #expect(throws: CloudError.self) {
                try await fixture.driver.launch(
                    fixture.spec(),
                    from: .image(CloudImage(cloud: "qemu", reference: image.string, digest: nil, origin: "test")),
                    ledger: fixture.ledger
                ) { _ in }
            }
            #expect(error?.code == .launchFailed)
            #expect(await fixture.ledger.history.isEmpty)
        }
    }

    @Test func aDiskSmallerThanItsImageIsRefused() async throws {
        try await QEMUFixture.with { fixture in
            let image = fixture.scratch("large.qcow2")
            let tools = try QEMUTools.locate(searchPath: QEMUFixture.searchPath)
            _ = try await LocalCommand(tools.image, ["create", "-q", "-f", "qcow2", image.string, "3G"]).run()
            let error = await #expect(throws: CloudError.self) {
                try await fixture.driver.launch(
                    fixture.spec(diskGiB: 2),
                    from: .image(CloudImage(cloud: "qemu", reference: image.string, digest: nil, origin: "test")),
                    ledger: fixture.ledger
                ) { _ in }
            }
            #expect(error?.message.contains("has 3 GiB") == true)
        }
    }

    @Test func moreMemoryThanThereIsIsRefused() async throws {
        try await QEMUFixture.with { fixture in
            var spec = fixture.spec()
            spec.memoryMiB = 1 << 24
            let error = await #expect(throws: CloudError.self) { try await fixture.launch(spec: spec) }
            #expect(error?.code == .noSpace)
        }
    }

    @Test func aSocketPathThatIsTooLongIsAnError() async throws {
        try await ScratchDirectory.with { scratch in
            let long = String(repeating: "x", count: 100)
            let directories = QEMUDirectories(
                machines: scratch("m"), cache: scratch("c"), runtime: scratch(long), environment: [:])
            let driver = QEMUDriver(
                directories: directories, bases: { _, _, _ in throw CancellationError() },
                environment: ["PATH": QEMUFixture.searchPath], accelerator: "/nonexistent")
            let error = await #expect(throws: CloudError.self) { try await driver.preflight() }
            #expect(error?.code == .missingPrerequisite)
        }
    }

    @Test func aRuntimeDirectoryThatOthersCanWriteToIsRefused() async throws {
        try await QEMUFixture.with { fixture in
            try FileManager.default.createDirectory(
                atPath: fixture.directories.runtime.string, withIntermediateDirectories: true)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o777], ofItemAtPath: fixture.directories.runtime.string)
            await #expect(throws: CloudError.self) { try await fixture.driver.preflight() }
        }
    }
}
