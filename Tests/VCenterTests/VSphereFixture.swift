import Basemaps
import Clouds
import ReplayEvents
import ReplayTestSupport
import Testing
import VSphereDriver

/// A vCenter of its own, and drivers that work with it.
struct VSphereFixture: Sendable {
    /// Why these tests cannot run here; nil when they can.
    static let obstacle = VCenterSimulator.obstacle ?? SOAPChecker.obstacle

    let server: VCenterSimulator

    /// Runs a body with a server. Afterwards no session is open, and every request was one that a vCenter takes.
    static func with(
        _ options: VCenterSimulator.Options = .init(), _ body: (VSphereFixture) async throws -> Void
    ) async throws {
        try await VCenterSimulator.with(options) { server in
            do { try await body(VSphereFixture(server: server)) } catch {
                print(server.log())
                throw error
            }
            let sessions = try await server.sessions()
            #expect(sessions == [], "sessions are left open")
            let problems = try await SOAPChecker.problems(of: server)
            #expect(problems == [])
        }
    }

    /// The account that is right for the server.
    var account: VSphereAccount {
        VSphereAccount(
            url: server.url, user: server.user, password: server.password, authorities: server.certificatePath)
    }

    /// Makes a driver.
    func driver(base: String = "debian-12", account: VSphereAccount? = nil, flags: [String: String] = [:])
        -> VSphereDriver
    {
        VSphereDriver(
            account: account ?? self.account,
            places: VSpherePlaces(flags: flags.merging(["base": base]) { $1 }, environment: [:], file: [:]),
            owner: "test@here")
    }

    /// Runs a body with a driver, which logs out in the end.
    func withDriver<Value>(
        base: String = "debian-12", account: VSphereAccount? = nil, flags: [String: String] = [:],
        _ body: (VSphereDriver) async throws -> Value
    ) async throws -> Value {
        let driver = driver(base: base, account: account, flags: flags)
        return try await ending({ await driver.close() }) { try await body(driver) }
    }

    /// What the basemap says of Debian 12, without a template: the drivers' places name one.
    static let debian = ResolvedBase(
        reference: "debian:12", row: "debian:12", distribution: "debian", release: "12", architecture: "amd64",
        environment: [], sources: [])

    /// The base template.
    static func image(_ driver: VSphereDriver) async throws -> CloudImage {
        try await driver.prepareBase(debian, task: TaskID("base")) { _ in }
    }

    /// A small machine for a build.
    static func spec(_ build: BuildID, diskGiB: Int? = nil) -> InstanceSpec {
        InstanceSpec(
            build: build, cpus: 2, memoryMiB: 512, diskGiB: diskGiB,
            seed: GuestSeed(userData: "#cloud-config\n{}\n", metaData: "{\"instance-id\": \"replay-\(build)\"}\n"))
    }

    /// Launches a machine from the base template.
    static func launch(
        _ driver: VSphereDriver, _ build: BuildID = .random(), ledger: InMemoryLedger = InMemoryLedger(),
        events: @escaping EventHandler = { _ in }
    ) async throws -> Instance {
        try await driver.launch(
            spec(build), from: .image(image(driver)), ledger: ledger, events: events)
    }

    /// Asks until there is an answer.
    static func wait<Answer: Sendable>(
        for what: String, _ question: @Sendable () async throws -> Answer?
    ) async throws -> Answer {
        try await Waiter(firstPause: .milliseconds(20), longestPause: .milliseconds(100)).wait(
            for: what, within: .seconds(30), question)
    }

    /// Waits for a machine's first address.
    static func address(_ instance: Instance, _ driver: VSphereDriver) async throws -> String {
        try await wait(for: "an address") { try await driver.addresses(of: instance).first?.host }
    }
}
