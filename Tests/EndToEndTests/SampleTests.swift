import Foundation
import ReplayTestSupport
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

    @Test("nginx: two boots differ in machine-id and host keys, and know no build user")
    func copiesDiffer() async throws {
        let home = try await World.shared.home(of: "samples")
        let script = """
            cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; getent passwd replay-build; \
            ls -d /var/lib/replay-* 2>/dev/null; grep -rl replay-build /etc /root /home 2>/dev/null; echo end
            """
        async let first = World.run(["template", "run", "web:1", "--", "sh", "-c", script], home: home)
        async let second = World.run(["template", "run", "web:1", "--", "sh", "-c", script], home: home)
        let answers = try await [first, second].map { answer in
            #expect(answer.status == 0, "\(answer.errors)")
            return answer.output.split(separator: "\n").map(String.init)
        }
        for answer in answers {
            try #require(answer.count >= 3)
            #expect(answer[0].count == 32, "a machine-id of its own: \(answer)")
            #expect(answer[2] == "end", "no trace of the build user: \(answer)")
        }
        #expect(answers[0][0] != answers[1][0], "machine-ids")
        #expect(answers[0][1].split(separator: " ")[1] != answers[1][1].split(separator: " ")[1], "host keys")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("template run: argv is exact, output and status pass through")
    func runPassesThrough() async throws {
        let home = try await World.shared.home(of: "samples")
        let result = try await World.run(
            [
                "template", "run", "web:1", "--", "sh", "-c", #"printf '%s|' "$@"; echo oops >&2; exit 7"#, "sh", "a b",
                "'", "$HOME",
                "", "ü\n",
            ], home: home)
        #expect(result.output == "a b|'|$HOME||ü\n|")
        #expect(result.errors.contains("oops"))
        #expect(result.status == 7)
        let missing = try await World.run(["template", "run", "nobody:9", "--", "true"], home: home)
        #expect(missing.status == 125)
    }

    @Test("template boot: serves the page, admits the key, ends on SIGTERM and leaves nothing")
    func bootServes() async throws {
        let home = try await World.shared.home(of: "samples")
        let scratch = try ScratchDirectory()
        let key = scratch.path.string + "/key"
        let made = try await CommandRun.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
        try #require(made.status == 0)
        _ = try await CommandRun.run(["chmod", "-R", "a+rX", scratch.path.string])
        let port = try FreePort.find()
        let boot = try World.start(
            ["template", "boot", "web:1", "--publish", "\(port):80", "--ssh-key", key + ".pub", "--progress", "plain"],
            home: home)
        let isReady = await boot.waits(for: "ready ")
        try #require(isReady)
        let page = try await CommandRun.run(["curl", "-fsS", "--max-time", "30", "http://127.0.0.1:\(port)/"])
        let original = try String(contentsOfFile: Self.samples + "/nginx/index.html", encoding: .utf8)
        #expect(page.output == original, "\(page.errors)")
        boot.send(SIGTERM)
        let result = await boot.result()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1, "one line: \(result.output)")
        #expect(try World.leftovers(home: home) == [])

        let words = result.output.split(separator: " ")
        #expect(words.contains("ssh"), "the line says how to log in: \(result.output)")
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
        let result = try await World.run(["template", "run", "greeter:latest", "--", "sh", "-c", script], home: home)
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
