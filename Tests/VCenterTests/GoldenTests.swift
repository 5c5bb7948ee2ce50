import Clouds
import Foundation
import ReplayEvents
import ReplayTestSupport
import Testing
import VSphereDriver

/// What a whole job sends: the first request of each method, as it was when it was last looked at. `REPLAY_RECORD=1` rewrites.
@Suite(
    "Requests of the vSphere driver", .enabled(if: VSphereFixture.obstacle == nil, "\(VSphereFixture.obstacle ?? "")"))
struct GoldenTests {
    private static let directory = PackagePlaces.root + "/Tests/VCenterTests/Goldens"

    @Test("each method's first request of a job is the golden one")
    func requests() async throws {
        try await VSphereFixture.with { fixture in
            let build = BuildID.random()
            try await fixture.withDriver(flags: ["datastore": "LocalDS_0", "network": "VM Network"]) { driver in
                let ledger = InMemoryLedger()
                try await driver.preflight()
                let instance = try await VSphereFixture.launch(driver, build, ledger: ledger)
                _ = try await VSphereFixture.address(instance, driver)
                try await driver.stop(instance, graceful: true)
                _ = try await VSphereFixture.wait(for: "the power-off") {
                    try await driver.state(of: instance) == .stopped ? true : nil
                }
                let image = try await driver.capture(
                    instance, as: CaptureRequest(destination: "/nowhere", name: "golden:1"), ledger: ledger,
                    task: TaskID("capture")
                ) { _ in }
                let request = PublishRequest(build: build, name: "golden", tag: "1", labels: [("a", "b<c")])
                let published = try await driver.publish(image, as: request, ledger: ledger)
                try await driver.destroy(
                    Resource(
                        cloud: "vsphere", kind: .virtualMachine, build: build, token: "golden",
                        reference: published.reference))
            }
            let sent = try fixture.server.requests()
            var seen: Set<String> = []
            for request in sent where seen.insert(request.method).inserted {
                try check(request.method, Self.normalised(request.body, build))
            }
            let goldens = try FileManager.default.contentsOfDirectory(atPath: Self.directory)
            #expect(Set(goldens) == Set(seen.map { $0 + ".xml" }))
        }
    }

    private func check(_ method: String, _ body: String) throws {
        let file = "\(Self.directory)/\(method).xml"
        if ProcessInfo.processInfo.environment["REPLAY_RECORD"] != nil {
            try FileManager.default.createDirectory(atPath: Self.directory, withIntermediateDirectories: true)
            try Data(body.utf8).write(to: URL(filePath: file))
        }
        let golden = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
        #expect(body == golden, "\(method)")
    }

    /// The body with a line for each element, and without what each run has of its own.
    private static func normalised(_ body: String, _ build: BuildID) -> String {
        body.replacing("\(build)", with: "BUILD")
            .replacing(/>[^<>]*\/state\/[^<>]*</, with: ">DATASTORE<")
            .replacing(/<maxWaitSeconds>[0-9]+/, with: "<maxWaitSeconds>N")
            .replacing(/([0-9a-f]{2}:){5}[0-9a-f]{2}/, with: "MAC")
            .replacing(/session\[[0-9a-f-]+\][0-9a-f-]+/, with: "SESSION")
            .replacing(
                /(vm|task|snapshot|datastore|host|group|folder|resgroup|dvportgroup|network|view|clustercomputeresource|domain-c)-?[0-9]+</,
                with: { "\($0.output.1)-N<" }
            )
            .replacing(/replay\.(expires|published): [0-9]+/, with: { "replay.\($0.output.1): TIME" })
            .replacing(/[A-Za-z0-9+\/]{20,}={0,2}/, with: "BASE64")
            .replacing(/<([a-zA-Z:_])/, with: { "\n<\($0.output.1)" })
            .trimmingCharacters(in: .newlines) + "\n"
    }
}
