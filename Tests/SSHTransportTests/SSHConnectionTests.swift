import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

@Suite(.enabled(if: SSHServerFixture.obstacle() == nil, "OpenSSH's server is not installed"))
struct SSHConnectionTests {
    @Test(.timeLimit(.minutes(1)), arguments: RemoteHostConformance.all)
    func keepsTheContract(promise: RemoteHostConformance) async throws {
        try await SSHServerFixture.with { server in
            try await promise { try await server.connect() }
        }
    }
}
