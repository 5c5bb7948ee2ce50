import RemoteHosts
import ReplayTestSupport
import Testing

@Suite struct LocalHostTests {
    @Test(.timeLimit(.minutes(1)), arguments: RemoteHostConformance.all)
    func keepsTheContract(promise: RemoteHostConformance) async throws {
        try await promise { LocalHost() }
    }
}
