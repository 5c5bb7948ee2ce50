import RemoteHosts
import ReplayTestSupport
import Testing

extension SSHTransportTests {
    @Suite struct LocalHostTests {
        @Test(.timeLimit(.minutes(1)), arguments: RemoteHostConformance.all)
        func keepsTheContract(promise: RemoteHostConformance) async throws {
            try await promise { LocalHost() }
        }
    }
}
