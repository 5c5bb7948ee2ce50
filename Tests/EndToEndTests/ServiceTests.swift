import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// What ENTRYPOINT, CMD, HEALTHCHECK and the rest of a Dockerfile's configuration become on a machine.
@Suite("Services on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct ServiceTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Fixtures/services")

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("a Dockerfile's service runs as it says, is checked, and stops by its signal")
    func service() async throws {
        let home = try await World.shared.home(of: "services")
        let scratch = try ScratchDirectory()
        for name in ["Dockerfile", "server"] {
            try scratch.write([UInt8](Data(contentsOf: Self.fixture.appending(path: name))), to: name)
        }
        _ = try await CommandRun.run(["chmod", "755", scratch.path.string])
        let build = try await World.run([scratch.path.string, "-t", "svc:1", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        #expect(build.errors.contains("install the service"))
        #expect(build.errors.contains("rival.service is disabled: replay-app.service runs the same program"))

        let record = try json(try await World.run(["template", "inspect", "svc:1", "--json"], home: home).output)
        let service = try #require(record["service"] as? [String: Any])
        #expect(service["unit"] as? String == "replay-app.service")
        #expect(service["arguments"] as? [String] == ["server", "%i $HOME", "", "a\nb"])
        #expect(service["displacedUnits"] as? [String] == ["rival.service"])
        #expect(service["healthTimer"] as? String == "replay-app-health.timer")
        let enabled = try #require(record["enabledUnits"] as? [String])
        #expect(enabled.contains("replay-app.service") && enabled.contains("ssh.service"), "\(enabled)")
        #expect(!enabled.contains("rival.service"))
        #expect(record["failedUnits"] as? [String] == [])

        let script = try String(contentsOf: Self.fixture.appending(path: "look"), encoding: .utf8)
        let look = try await World.run(["template", "run", "svc:1", "--", "sh", "-c", script], home: home)
        var answers: [String: String] = [:]
        for line in look.output.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { answers[parts[0]] = parts[1] }
        }
        let seen = try json(try #require(answers["seen"], "\(look.output)\(look.errors)"))
        let host = try #require(answers["host"])
        answers["seen"] = nil
        answers["host"] = nil
        #expect(seen["arguments"] as? [String] == ["%i $HOME", "", "a\nb"])
        #expect(
            seen["environment"] as? [String: String] == [
                "GREETING": #"it's 100% $HOME "q""#, "a-b": "odd", "LD_LIBRARY_PATH": "/nowhere", "HOME": "/home/app",
                "HOSTNAME": host,
                "PATH": "/opt/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ])
        #expect(seen["identity"] as? NSArray == [10001, 10001, [10002]] as NSArray, "\(seen)")
        #expect(seen["directory"] as? String == "/srv")
        #expect(seen["files"] as? Int == 1_048_576)
        #expect(seen["input"] as? String == "/dev/null")
        #expect(
            answers == [
                "answer": "hello", "rival": "disabled", "verify": "", "journal": "listening",
                "login":
                    #"it's 100% $HOME "q"|unset|/opt/app/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"#,
                "volumes": "app 755 /var/lib/data root 755 /srv/made kept",
                "labels": #"{"org.opencontainers.image.title":"services"}"#, "history": "5",
                "healthy": "healthy", "unhealthy": "unhealthy failures in a row: 2", "active": "active",
                "stopped": "SIGQUIT stopped 3 inactive", "again": "starting active", "failed": "",
            ])
    }

    @Test("node-image: modules, sysctls and containerd are there when a copy has booted")
    func nodeImage() async throws {
        let home = try await World.shared.home(of: "services")
        let build = try await World.run(
            ["\(World.samples)/node-image", "-t", "node:1", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        let record = try json(try await World.run(["template", "inspect", "node:1", "--json"], home: home).output)
        #expect(record["service"] == nil, "there is no CMD")
        #expect((record["enabledUnits"] as? [String])?.contains("containerd.service") == true)
        let tests = try #require(record["tests"] as? [String])
        #expect(tests.count == 7)
        let verify = try await World.run(["template", "verify", "node:1", "--progress", "plain"], home: home)
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
        for test in tests { #expect(verify.output.contains("ok      test \(test)\n"), "\(verify.output)") }
    }
}
