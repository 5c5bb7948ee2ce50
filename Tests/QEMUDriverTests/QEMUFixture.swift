import Clouds
import Foundation
import ReplayEvents
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import QEMUDriver

/// A driver with directories of its own, and what is needed to end all that it started.
struct QEMUFixture: Sendable {
    /// Whether the machines of these tests can run here at all.
    static let isPossible =
        QEMUTools.locate("qemu-system-x86_64", searchPath: searchPath) != nil
        && QEMUTools.locate("qemu-img", searchPath: searchPath) != nil
    static let needs: Comment = "needs qemu-system-x86_64 and qemu-img"
    static let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

    private static let turns = Turns(4)

    let scratch: ScratchDirectory
    let directories: QEMUDirectories
    let driver: QEMUDriver
    let ledger = InMemoryLedger()
    let notices = Shared<[String]>([])

    /// - Parameters:
    ///   - tools: Directory that is searched before PATH.
    ///   - accelerator: By default one that does not exist: the machines are emulated, and nothing is probed.
    init(
        _ scratch: ScratchDirectory, tools: FilePath? = nil, accelerator: FilePath = "/nonexistent/kvm",
        patience: QEMUDriver.Patience = .init(), machines: FilePath? = nil
    ) {
        self.scratch = scratch
        directories = QEMUDirectories(
            machines: machines ?? scratch("machines, all"), cache: scratch("cache"), runtime: scratch("run"),
            environment: [:])
        let path = tools.map { "\($0):\(QEMUFixture.searchPath)" } ?? QEMUFixture.searchPath
        driver = QEMUDriver(
            directories: directories,
            bases: { _, _, _ in throw CloudError(.baseUnavailable, "No bases in this test.") },
            environment: ["PATH": path], accelerator: accelerator, patience: patience)
    }

    /// Runs a body with a fixture whose machines are all gone afterwards.
    static func with(
        tools: [String: String] = [:], accelerator: FilePath = "/nonexistent/kvm",
        patience: QEMUDriver.Patience = .init(), _ body: (QEMUFixture) async throws -> Void
    ) async throws {
        // Each of these machines takes a processor for a moment: more at once only make all of them slower.
        await turns.take()
        defer { turns.giveBack() }
        try await ScratchDirectory.with { scratch in
            for (name, script) in tools { try scratch.write(script, to: "tools/\(name)", mode: 0o755) }
            let fixture = QEMUFixture(
                scratch, tools: scratch("tools"), accelerator: accelerator, patience: patience)
            do { try await body(fixture) } catch {
                await fixture.clean()
                throw error
            }
            await fixture.clean()
        }
    }

    /// Writes a disk image and answers the source that leads to it.
    func image(_ bytes: [UInt8] = TinyGuest.obedient, _ name: String = "base.raw") throws -> LaunchSource {
        let path = try scratch.write(bytes, to: name)
        return .image(CloudImage(cloud: "qemu", reference: path.string, digest: nil, origin: "test"))
    }

    func spec(_ build: BuildID = .random(), diskGiB: Int? = nil, forwards: [PortForward] = []) -> InstanceSpec {
        InstanceSpec(
            build: build, cpus: 1, memoryMiB: 32, diskGiB: diskGiB,
            seed: GuestSeed(userData: "#cloud-config\n{}\n", metaData: "{}\n"), forwards: forwards)
    }

    func launch(_ bytes: [UInt8] = TinyGuest.obedient, spec: InstanceSpec? = nil) async throws -> Instance {
        try await driver.launch(spec ?? self.spec(), from: image(bytes), ledger: ledger, events: observe)
    }

    var observe: EventHandler {
        { [notices] event in if case .notice(let text) = event { notices.withLock { $0.append(text) } } }
    }

    func wait(for state: InstanceState, _ instance: Instance) async throws {
        try await Waiter(firstPause: .milliseconds(5), longestPause: .milliseconds(50)).wait(
            until: state, of: instance, on: driver, within: .seconds(30))
    }

    /// Waits until the guest wrote to its console.
    func waitForConsole(_ instance: Instance, _ text: String = "R\n") async throws {
        _ = try await Waiter(firstPause: .milliseconds(5), longestPause: .milliseconds(50)).wait(
            for: "the guest's greeting", within: .seconds(30)
        ) {
            let bytes = try await driver.console(of: instance, last: 4096)
            return String(decoding: bytes, as: UTF8.self).contains(text) ? true : nil
        }
    }

    /// The process of a machine, by the ledger's word.
    func identity(of instance: Instance) async throws -> ProcessIdentity {
        let entries = try await ledger.entries(of: instance.build)
        let reference = entries.first { $0.resource.kind == .process }?.resource.reference
        return try #require(reference.flatMap { ProcessIdentity($0) })
    }

    private func clean() async {
        for entry in await ledger.all { try? await driver.destroy(entry.resource) }
        for resource in (try? await driver.inventory()) ?? [] {
            Issue.record("left: \(resource)")
            try? await driver.destroy(resource)
        }
    }
}
