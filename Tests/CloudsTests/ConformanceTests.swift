import Clouds
import ReplayTestSupport
import Testing

@Suite("The in-memory doubles keep the contracts")
struct ConformanceTests {
    @Test(arguments: ResourceLedgerConformance.all)
    func ledger(check: ConformanceCheck<any ResourceLedger>) async throws {
        try await check(InMemoryLedger())
    }

    @Test(arguments: CloudDriverConformance.all)
    func cloud(check: ConformanceCheck<CloudDriverConformance.Subject>) async throws {
        let image = CloudImage(cloud: "in-memory", reference: "base", digest: nil, origin: "test")
        try await check(.init(driver: InMemoryCloud(), source: .image(image), destination: "/nowhere"))
    }

    @Test func aVerbFailsAsOftenAsItWasToldTo() async throws {
        let cloud = InMemoryCloud()
        await cloud.fail(.preflight, with: CloudError(.noSpace, "one"), CloudError(.timedOut, "two"))
        await #expect(throws: CloudError.self) { try await cloud.preflight() }
        await #expect(throws: CloudError.self) { try await cloud.preflight() }
        try await cloud.preflight()
        #expect(await cloud.calls == [.preflight, .preflight, .preflight])
    }
}
