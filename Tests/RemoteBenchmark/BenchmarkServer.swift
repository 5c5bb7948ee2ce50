import Foundation
import ReplayTestSupport
import SSHTransport
import SystemPackage

/// The server that all peers are measured against, as a file that programs in other languages read too.
struct BenchmarkServer: Codable {
    /// The user to log in as.
    var user: String
    /// The private key's file.
    var key: String
    /// The server's public key, as a line of a known_hosts file has it behind the names.
    var hostKey: String
    /// The server's own port.
    var port: Int
    /// The port of a proxy for each delay of one direction in milliseconds.
    var delayed: [String: Int]

    /// Runs a server, and a proxy for each round trip in milliseconds, until standard input ends.
    ///
    /// The guest is a world of its own (see ``SSHServerFixture``) whose user's start-up files are gone. All that is measured
    /// lies below /var/lib, one file system as on a machine, and not an overlay, for whose files tail(1) is not woken. One
    /// line of JSON says where it is.
    static func serve(roundTrips: [Int]) async throws {
        var options = SSHServerFixture.Options()
        options.preparation = "mount -t tmpfs -o size=16g tmpfs /var/lib"
        let fixture = try await SSHServerFixture(options)
        var proxies: [String: FaultProxy] = [:]
        for milliseconds in roundTrips {
            var faults = FaultProxy.Faults()
            faults.toServer.delay = .microseconds(milliseconds * 500)
            faults.toClient.delay = .microseconds(milliseconds * 500)
            proxies[String(milliseconds)] = try FaultProxy(to: fixture.endpoint, faults: faults)
        }
        let key = try fixture.directory.write(fixture.userKey.privateKey.text, to: "user_key", mode: 0o600)
        let server = BenchmarkServer(
            user: fixture.user, key: key.string, hostKey: "\(fixture.hostKey)", port: fixture.endpoint.port,
            delayed: proxies.mapValues { $0.endpoint.port })
        print(String(decoding: try JSONEncoder().encode(server), as: UTF8.self))
        fflush(nil)
        while readLine() != nil {}
        await fixture.stop()
    }

    /// Reads what ``serve(roundTrips:)`` printed.
    static func load(_ path: String) throws -> BenchmarkServer {
        try JSONDecoder().decode(BenchmarkServer.self, from: Data(contentsOf: URL(filePath: path)))
    }

    /// A connector to the server, or to one of its proxies.
    func connector(roundTrip: Int) throws -> SSHConnector {
        let endpoint = SSHEndpoint(host: "127.0.0.1", port: delayed[String(roundTrip)] ?? port)
        return SSHConnector(
            user: user, key: try SSHPrivateKey(String(contentsOfFile: key, encoding: .utf8)),
            hostKey: .pinned(try SSHPublicKey(hostKey))
        ) { endpoint }
    }
}
