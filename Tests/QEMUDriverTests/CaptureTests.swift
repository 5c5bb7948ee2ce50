import Clouds
import Foundation
import Glibc
import ReplayEvents
import ReplayTestSupport
import SystemCalls
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("Capturing a disk", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct CaptureTests {
    /// A guest whose disk holds so much that cannot be compressed.
    private func large(_ bytes: Int = 8 << 20) throws -> [UInt8] {
        try TinyGuest.ephemeral + SmallFile.read("/dev/urandom", limit: bytes)
    }

    private func stopped(_ fixture: QEMUFixture, _ disk: [UInt8]) async throws -> Instance {
        let instance = try await fixture.launch(disk)
        try await fixture.wait(for: .stopped, instance)
        return instance
    }

    @Test func theImageIsWholeAndBoots() async throws {
        try await QEMUFixture.with { fixture in
            let disk = try large()
            let instance = try await stopped(fixture, disk)
            let progress = Shared<[(Int64, Int64?)]>([])
            let request = CaptureRequest(destination: fixture.scratch.path.string, name: "web:1")
            let image = try await fixture.driver.capture(
                instance, as: request, ledger: fixture.ledger, task: TaskID("capture")
            ) { event in
                guard case .taskProgress(let task, let completed, let total, .bytes) = event else { return }
                #expect(task == TaskID("capture"))
                progress.withLock { $0.append((completed, total)) }
            }
            #expect(image.reference == fixture.scratch("disk.qcow2").string)
            let sums = try await LocalCommand("/usr/bin/sha256sum", [image.reference]).run().output
            #expect(image.digest == "sha256:\(sums.prefix(64))")
            let done = progress.value.map(\.0)
            #expect(done == done.sorted() && done.last == progress.value.last?.1 && (done.last ?? 0) >= disk.count)

            let tools = try QEMUTools.locate(searchPath: QEMUFixture.searchPath)
            let base = fixture.scratch("base.raw").string
            let compared = try await LocalCommand(tools.image, ["compare", base, image.reference]).run()
            #expect(compared.succeeded, "\(compared.output)")
            let copy = try await fixture.driver.launch(
                fixture.spec(), from: .image(image), ledger: fixture.ledger
            ) { _ in }
            try await fixture.wait(for: .stopped, copy)
        }
    }

    @Test func aMachineThatWasKilledIsNotCaptured() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            try await fixture.identity(of: instance).send(signal: SIGKILL)
            let request = CaptureRequest(destination: fixture.scratch.path.string, name: "web:1")
            let error = await #expect(throws: CloudError.self) {
                try await fixture.driver.capture(instance, as: request, ledger: fixture.ledger, task: TaskID("x")) {
                    _ in
                }
            }
            #expect(error?.code == .captureFailed)
            #expect(!fixture.scratch.holds("disk.qcow2"))
        }
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, SmallFileSystem.needs)) func aFullDiskLeavesNothing() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await stopped(fixture, large())
            try await SmallFileSystem.with(fixture.scratch("small"), mebibytes: 4) { small in
                let before = try await fixture.ledger.entries(of: instance.build)
                let error = await #expect(throws: CloudError.self) {
                    try await fixture.driver.capture(
                        instance, as: CaptureRequest(destination: small.string, name: "web:1"), ledger: fixture.ledger,
                        task: TaskID("capture")
                    ) { _ in }
                }
                #expect(error?.code == .noSpace)
                #expect(try FileManager.default.contentsOfDirectory(atPath: small.string).isEmpty)
                #expect(try await fixture.ledger.entries(of: instance.build) == before)
            }
        }
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, SmallFileSystem.needs))
    func aDiskThatIsFullStopsTheLaunch() async throws {
        try await ScratchDirectory.with { scratch in
            try await SmallFileSystem.with(scratch("small"), mebibytes: 4) { small in
                let fixture = QEMUFixture(scratch, machines: small.appending("machines"))
                let error = await #expect(throws: CloudError.self) { try await fixture.launch() }
                #expect(error?.code == .noSpace)
                #expect(await fixture.ledger.history.isEmpty)
            }
        }
    }

    @Test func cancellingLeavesNothing() async throws {
        try await QEMUFixture.with { fixture in
            let instance = try await stopped(fixture, large(64 << 20))
            let before = try await fixture.ledger.entries(of: instance.build)
            let begun = Shared(false)
            let capturing = Task {
                try await fixture.driver.capture(
                    instance, as: CaptureRequest(destination: fixture.scratch.path.string, name: "web:1"),
                    ledger: fixture.ledger, task: TaskID("capture")
                ) { event in if case .taskProgress = event { begun.withLock { $0 = true } } }
            }
            _ = try await Waiter(firstPause: .milliseconds(5)).wait(for: "progress", within: .seconds(20)) {
                begun.value ? true : nil
            }
            capturing.cancel()
            await #expect(throws: CancellationError.self) { try await capturing.value }
            #expect(try fixture.scratch.names().filter { $0.hasPrefix("disk.qcow2") }.isEmpty)
            #expect(try await fixture.ledger.entries(of: instance.build) == before)
            #expect(
                ProcessTable.all().filter { $0.arguments.contains { $0.contains("\(instance.build).partial") } }.isEmpty
            )
        }
    }

    @Test func whatADeadReplayLeftHalfWrittenIsDestroyedByItsEntries() async throws {
        try await QEMUFixture.with { fixture in
            let build = BuildID.random()
            let partial = fixture.scratch("elsewhere").appending(DiskCapture.partialName(of: build))
            try fixture.scratch.write("half", to: "elsewhere/\(DiskCapture.partialName(of: build))")
            let tool = try fixture.scratch.write("#!/bin/sh\nsleep 3600\n", to: "tools/qemu-img", mode: 0o755)
            let process = try await MachineProcess.start(
                tool, ["convert", partial.string], log: fixture.scratch("log"))
            for kind in [ResourceKind.process, .file] {
                try await fixture.driver.destroy(
                    Resource(
                        cloud: "qemu", kind: kind, build: build, token: partial.string,
                        reference: kind == .process ? process.identity.description : nil))
            }
            #expect(!process.isRunning)
            #expect((try? partial.stat()) == nil)
        }
    }
}

/// A file system of a few MiB, for being full.
enum SmallFileSystem {
    static let isPossible = CurrentUser.identifier == 0 && FileAccess.canRun("/usr/bin/mount")
    static let needs: Comment = "needs root, to mount a small tmpfs"

    static func with(_ path: FilePath, mebibytes: Int, _ body: (FilePath) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        let mounted = try await LocalCommand(
            "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0700", "replay-test", path.string]
        ).run()
        try #require(mounted.succeeded, "\(mounted.error)")
        do { try await body(path) } catch {
            _ = try await LocalCommand("/usr/bin/umount", [path.string]).run()
            throw error
        }
        _ = try await LocalCommand("/usr/bin/umount", [path.string]).run()
    }
}
