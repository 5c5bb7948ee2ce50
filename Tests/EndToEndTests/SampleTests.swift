import CopyVectorSupport
import Foundation
import ReplayTestSupport
import SSHTransport
import SystemPackage
import Testing

/// The samples, replayed onto a real guest, captured, and booted again.
@Suite("Samples on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct SampleTests {
    private static let samples = World.samples

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("nginx: built, listed, inspected")
    func nginxIsBuilt() async throws {
        let home = try await World.shared.home(of: "samples")
        let build = try await World.run(["\(Self.samples)/nginx", "-t", "web:1", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        #expect(build.errors.contains("[1/3] RUN apt-get update"))
        #expect(build.errors.contains("nginx.service is disabled: replay-app.service runs the same program"))
        #expect(try World.leftovers(home: home) == [])

        let list = try await World.run(["template", "list"], home: home)
        #expect(list.output.contains("web"))
        let inspect = try await World.run(["template", "inspect", "web:1", "--json"], home: home)
        #expect(inspect.status == 0)
        let record = try json(inspect.output)
        let config = try #require(record["config"] as? [String: Any], "\(record.keys)")
        #expect(config["exposedPorts"] as? [String] == ["80/tcp"])
        #expect(config["stopSignal"] as? String == "SIGQUIT")
        #expect((record["steps"] as? [Any])?.count == 3)
    }

    @Test("nginx: its copies are machines of their own, and serve")
    func nginxIsVerified() async throws {
        let home = try await World.shared.home(of: "samples")
        let verify = try await World.run(["template", "verify", "web:1", "--progress", "plain"], home: home)
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
        let checks = verify.output.split(separator: "\n")
        #expect(checks.count > 20 && checks.allSatisfy { $0.hasPrefix("ok ") }, "\(verify.output)")
        #expect(checks.contains { $0.contains("after the reboot: EXPOSEd ports answer") })
        #expect(try World.leftovers(home: home) == [])
    }

    /// What makes a machine one of its own, and what nobody must find on it.
    private static let identity = """
        cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2
        getent passwd replay-build; ls -d /var/lib/replay-* 2>/dev/null; grep -rl replay-build /etc /root /home 2>/dev/null
        echo end
        """

    @Test("template run: argv is exact, output and status pass through; two boots differ in machine-id and host keys")
    func runPassesThrough() async throws {
        let home = try await World.shared.home(of: "samples")
        let script = #"printf '%s|' "$@"; echo; "# + Self.identity + "\necho oops >&2; exit 7"
        let words = ["sh", "-c", script, "sh", "a b", "'", "$HOME", "", "ü\n"]
        async let first = World.run(["template", "run", "web:1", "--"] + words, home: home)
        async let second = World.run(["template", "run", "web:1", "--"] + words, home: home)
        var identities: [[Substring]] = []
        for result in try await [first, second] {
            #expect(result.output.hasPrefix("a b|'|$HOME||ü\n|\n"))
            #expect(result.errors.contains("oops"))
            #expect(result.status == 7)
            identities.append(result.output.split(separator: "\n").suffix(3))
        }
        for identity in identities {
            try #require(identity.count == 3)
            #expect(identity[0].count == 32 && identity[1].hasPrefix("SHA256:") && identity[2] == "end", "\(identity)")
        }
        #expect(identities[0][0] != identities[1][0], "machine-ids")
        #expect(identities[0][1] != identities[1][1], "host keys")
        let missing = try await World.run(["template", "run", "nobody:9", "--", "true"], home: home)
        #expect(missing.status == 125)
        #expect(try World.leftovers(home: home) == [])
    }

    @Test(
        "template boot: serves the page, admits the key, ends on SIGTERM; the copy vectors come out as in BuildKit",
        .enabled(if: getuid() == 0, "the vectors' owners need root"))
    func bootServes() async throws {
        let home = try await World.shared.home(of: "samples")
        let scratch = try ScratchDirectory()
        let key = try SSHKeyPair.ed25519(comment: "test")
        try scratch.write("\(key.publicKey)\n", to: "key.pub")
        _ = try await CommandRun.run(["chmod", "-R", "a+rX", scratch.path.string])
        let port = try FreePort.find()
        let boot = try World.start(
            [
                "template", "boot", "web:1", "--publish", "\(port):80", "--ssh-key", scratch("key.pub").string,
                "--progress", "plain",
            ], home: home)
        let isReady = await boot.waits(for: "ready ")
        try #require(isReady)
        let page = try await CommandRun.run(["curl", "-fsS", "--max-time", "30", "http://127.0.0.1:\(port)/"])
        let original = try String(contentsOfFile: Self.samples + "/nginx/index.html", encoding: .utf8)
        #expect(page.output == original, "\(page.errors)")

        let guest = try await guest(of: boot, key)
        let failures = try await CopyVectors.failures(
            on: guest, root: "/var/tmp/replay-root", name: "copy_fs_results on a guest")
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        boot.send(SIGTERM)
        let result = await boot.result()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "one line: \(result.output)")
        #expect(try World.leftovers(home: home) == [])
    }

    /// A connector to the machine of a `template boot`, by what its line says: `ready web:1  ssh root@HOST -p PORT`.
    private func guest(of boot: CommandRun, _ key: SSHKeyPair) async throws -> SSHConnector {
        let words = boot.output.split(whereSeparator: \.isWhitespace)
        let login = try #require(words.first { $0.hasPrefix("root@") })
        let host = String(login.dropFirst("root@".count))
        let place = try #require(words.lastIndex(of: "-p"))
        let port = try #require(Int(words[place + 1]))
        let scan = try await CommandRun.run(["ssh-keyscan", "-t", "ed25519", "-p", "\(port)", host])
        let line = try #require(scan.output.split(separator: "\n").first { !$0.hasPrefix("#") })
        let hostKey = try SSHPublicKey(line.split(separator: " ").dropFirst().joined(separator: " "))
        return SSHConnector(user: "root", key: key.privateKey, hostKey: .pinned(hostKey)) {
            SSHEndpoint(host: host, port: port)
        }
    }

    @Test("python-app: user, environment, ownership and modes are the Dockerfile's")
    func pythonApp() async throws {
        let home = try await World.shared.home(of: "samples")
        let build = try await World.run(
            ["\(Self.samples)/python-app", "-t", "greeter", "--progress", "plain"], home: home)
        try #require(build.status == 0, "\(build.errors)")
        let script = """
            stat -c '%U:%G %a %n' /srv/app /srv/app/app.py /srv/app/greetings /srv/app/greetings/de /srv/app/built-by
            cat /srv/app/built-by
            timeout 60 sh -c 'until replay-health >/dev/null; do sleep 0.5; done'
            python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/de").read().decode(), end="")'
            """
        async let verify = World.run(["template", "verify", "greeter:latest", "--progress", "plain"], home: home)
        let result = try await World.run(["template", "run", "greeter:latest", "--", "sh", "-c", script], home: home)
        let verified = try await verify
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        #expect(verified.output.contains("HEALTHCHECK"), "\(verified.output)")
        #expect(
            result.output == """
                app:app 755 /srv/app
                app:app 644 /srv/app/app.py
                app:app 755 /srv/app/greetings
                app:app 644 /srv/app/greetings/de
                app:app 644 /srv/app/built-by
                app
                Grüß Gott

                """, "\(result.errors)")
    }
}
