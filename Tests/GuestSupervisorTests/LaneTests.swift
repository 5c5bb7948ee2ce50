import GuestSupervisor
import RemoteHosts
import ReplayTestSupport
import SSHTransport
import Testing

@Suite(
    "Further connections", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: namespacesWork && SSHServerFixture.obstacle() == nil, "needs root, unshare(1) and openssh-server"))
struct LaneTests {
    private func with(
        _ options: SSHServerFixture.Options = SSHServerFixture.Options(),
        _ body: (SupervisedGuest, EventLog, FaultProxy) async throws -> Void
    ) async throws {
        try await SSHServerFixture.with(options) { server in
            let proxy = try FaultProxy(to: server.endpoint)
            proxy.setFaults { faults in
                faults.toServer.delay = .milliseconds(25)
                faults.toClient.delay = .milliseconds(25)
            }
            let connector = SSHConnector(
                user: server.user, key: server.userKey.privateKey, hostKey: .pinned(server.hostKey)
            ) { proxy.endpoint }
            let log = EventLog()
            let guest = try await SupervisedGuest.start(connector, options: SupervisorOptions(build: "lanes")) {
                log.append($0)
            }
            try await body(guest, log, proxy)
            try await guest.finish(remove: true)
        }
    }

    private func checkUpload(_ guest: SupervisedGuest, _ log: EventLog, _ blob: String = "b") async throws {
        let bytes = MadeBytes(count: 48 << 20, seed: UInt64(blob.utf8.first ?? 0))
        try await guest.upload(blob: blob, from: bytes, digest: { bytes.digest })
        let result = try await guest.run(
            SupervisedStep(id: "sum-\(blob)", script: "sha256sum <blobs/\(blob).ready\n", blob: blob))
        #expect(result.succeeded)
        #expect(log.text(of: "sum-\(blob)") == "\(bytes.digest)  -\n")
    }

    @Test("At a distance a large upload takes four connections, and arrives whole")
    func distance() async throws {
        try await with { guest, log, proxy in
            try await checkUpload(guest, log)
            // The next one finds the connections open, which must not carry what the guest does not wait for yet.
            for blob in ["c", "d"] { try await checkUpload(guest, log, blob) }
            #expect(proxy.connectionCount == 4)
        }
    }

    @Test("Strict limits of the server are kept")
    func strictServer() async throws {
        var options = SSHServerFixture.Options()
        options.configuration = ["MaxSessions 2", "MaxStartups 2:100:2"]
        try await with(options) { guest, log, _ in try await checkUpload(guest, log) }
    }

    @Test("A server that takes no further connection gets the upload over the first")
    func refused() async throws {
        try await with { guest, log, proxy in
            proxy.setFaults { $0.hangsUp = true }
            try await checkUpload(guest, log)
            proxy.setFaults { $0.hangsUp = false }
        }
    }

    @Test("What the guest has is not sent again")
    func sentOnce() async throws {
        try await with { guest, _, proxy in
            let first = MadeBytes(count: 8 << 20, seed: 5)
            try await guest.upload(blob: "b", from: first, digest: { first.digest })
            let sent = proxy.bytesToServer
            let again = MadeBytes(count: 8 << 20, seed: 5)
            let size = try await guest.upload(blob: "b", from: again, digest: { again.digest })
            #expect(size == 8 << 20)
            // What went out before the guest's answer.
            #expect(proxy.bytesToServer - sent < 4 << 20)
        }
    }
}
