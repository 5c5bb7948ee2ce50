import Foundation
import ReplayTestSupport
import Testing

/// A vCenter whose machines are real guests, and a `replay` that works with it as an unprivileged user.
struct VSphereWorld: Sendable {
    /// Why these tests cannot run here; nil when they can.
    static let obstacle: String? =
        World.obstacle ?? VCenterSimulator.obstacle ?? SOAPChecker.obstacle
        ?? (getuid() == 0 ? nil : "the guests' SSH servers are at port 22, which takes root")

    let server: VCenterSimulator
    let home: String

    /// Runs a body with a vCenter that has one template, `debian-12`, and ends it. No session may be left then, and every
    /// request must have been one that a vCenter takes.
    static func with(_ suite: String, _ body: (VSphereWorld) async throws -> Void) async throws {
        let home = try await World.shared.home(of: suite)
        var options = VCenterSimulator.Options()
        options.guests = .qemu
        options.templates = ["debian-12=\(try await World.shared.vCenterImage())"]
        try await VCenterSimulator.with(options) { server in
            let world = VSphereWorld(server: server, home: home)
            do {
                // The fixture's own directory is root's.
                let copied = try await CommandRun.run(
                    ["install", "-m", "644", server.certificatePath, home + "/ca.pem"])
                try #require(copied.status == 0, "\(copied.errors)")
                try await body(world)
            } catch {
                print(server.log().suffix(20_000))
                throw error
            }
            let problems = try await SOAPChecker.problems(of: server)
            #expect(problems == [])
        }
    }

    /// What users of govc have set.
    var environment: [String: String] {
        [
            "GOVC_URL": server.url, "GOVC_USERNAME": server.user, "GOVC_PASSWORD": server.password,
            "GOVC_TLS_CA_CERTS": home + "/ca.pem", "no_proxy": "127.0.0.1",
        ]
    }

    /// Starts `replay … --cloud vsphere`.
    func start(_ arguments: [String], home other: String? = nil) throws -> CommandRun {
        try World.start(arguments + ["--cloud", "vsphere"], home: other ?? home, environment: environment)
    }

    /// Runs `replay … --cloud vsphere` to its end.
    func run(_ arguments: [String], home other: String? = nil) async throws -> CommandRun.Result {
        try await start(arguments, home: other).result()
    }

    /// The machines and templates that were not there when the server began.
    func made() async throws -> [String: [String: JSONValue]] {
        let first: Set = ["debian-12", "DC0_H0_VM0", "DC0_C0_RP0_VM0"]
        return try await server.machines().filter { !first.contains($0.key) }
    }

    /// The processes of the server's guests.
    func guests() async throws -> String {
        try await CommandRun.run(["pgrep", "-f", "qemu-system-x86_64 -name vm-.*hostfwd=tcp:127"]).output
    }
}
