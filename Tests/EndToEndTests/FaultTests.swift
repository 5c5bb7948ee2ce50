import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// Failures on a real guest: the error says what happened, and nothing is left behind.
@Suite("Faults on a real guest", .enabled(if: World.obstacle == nil, "\(World.obstacle ?? "")"), .serialized)
struct FaultTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try dockerfile.write(toFile: scratch.path.string + "/Dockerfile", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path.string)
        return scratch
    }

    @Test("a failing step: status 1, the line, the command's status, the last lines, the log's path")
    func failingStep() async throws {
        let home = try await World.shared.home(of: "faults")
        let scratch = try context(
            "FROM debian:12\nRUN echo fine\n\nRUN echo before; echo last words >&2; exit 42\nRUN echo never\n")
        let result = try await World.run([scratch.path.string, "--progress", "plain", "-t", "broken"], home: home)
        #expect(result.status == 1)
        #expect(result.errors.contains("line 4"), "\(result.errors)")
        #expect(result.errors.contains("exit status 42"))
        #expect(result.errors.contains("last words"))
        #expect(result.errors.contains(".log"))
        #expect(!result.errors.contains("never\n"), "later steps do not run")
        #expect(try World.leftovers(home: home) == [])
        let list = try await World.run(["template", "list"], home: home)
        #expect(!list.output.contains("broken"))
    }

    @Test("on-error keep: the machine stays, gc spares it, gc --kept ends it")
    func keep() async throws {
        let home = try await World.shared.home(of: "faults")
        let scratch = try context("FROM debian:12\nRUN exit 3\n")
        let result = try await World.run(
            [scratch.path.string, "--on-error", "keep", "--progress", "plain", "-t", "kept"], home: home)
        #expect(result.status == 1)
        let command = try #require(
            result.errors.split(separator: "\n").first { $0.contains("ssh -i") }, "\(result.errors)")
        let login = try await CommandRun.run(
            ["sh", "-c", command.trimmingCharacters(in: .whitespaces) + " sudo -n id -u"], environment: ["HOME": home])
        #expect(login.output == "0\n", "\(login.errors)")
        let spared = try await World.run(["gc"], home: home)
        #expect(spared.status == 0)
        #expect(try World.leftovers(home: home) != [], "gc spares what was kept")
        let ended = try await World.run(["gc", "--kept"], home: home)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test(
        "Declared restarts are waited for; one that nobody declared fails its step and is named",
        arguments: 1...(SeededNumbers.isSoak ? 5 : 1))
    func restarts(round: Int) async throws {
        let home = try await World.shared.home(of: "faults")
        let boot = "cat /proc/sys/kernel/random/boot_id"
        let scratch = try context(
            """
            FROM debian:12
            RUN \(boot) >/first && echo 'touch /run/gone' >/etc/note && touch /run/gone && reboot
            RUN [ "$(\(boot))" != "$(cat /first)" ] && [ ! -e /run/gone ] && [ -x /usr/sbin/policy-rc.d ] && echo was re''started
            RUN echo crash''ing; sync; echo b >/proc/sysrq-trigger; sleep 1000
            RUN echo ne''ver

            """)
        let result = try await World.run([scratch.path.string, "--progress", "plain", "-t", "restarts"], home: home)
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.contains("The machine restarts: [1/4]"), "\(result.errors)")
        #expect(result.errors.contains("was restarted"), "\(result.errors)")
        #expect(
            result.errors.contains("The machine restarted by itself during step 3 (RUN echo crash"), "\(result.errors)")
        #expect(!result.errors.contains("never\n"))
        #expect(try World.leftovers(home: home) == [])
    }

    /// Moments at which a user may press Ctrl-C, as the text on the screen that announces them.
    @Test(
        "Ctrl-C and SIGTERM end the build with status 130 and leave nothing",
        arguments: [("boot debian 12", SIGINT), ("sleeping", SIGTERM), ("seal the machine", SIGINT)])
    func interrupted(moment: String, signal: Int32) async throws {
        let home = try await World.shared.home(of: "faults")
        let nap = moment == "sleeping" ? "RUN echo sleep''ing; sleep 1000\n" : "RUN true\n"
        let scratch = try context("FROM debian:12\n" + nap)
        let build = try World.start([scratch.path.string, "--progress", "plain", "-t", "interrupted"], home: home)
        let reached = await build.waits(for: moment)
        try #require(reached)
        let began = ContinuousClock.now
        build.send(signal)
        build.send(signal)
        let result = await build.result()
        #expect(result.status == 130, "\(result.errors)")
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("kill -9 of replay: gc ends and removes everything; a running build is not touched")
    func killed() async throws {
        let home = try await World.shared.home(of: "faults")
        let scratch = try context("FROM debian:12\nRUN echo sleep''ing; sleep 1000\n")
        let build = try World.start([scratch.path.string, "--progress", "plain", "-t", "killed"], home: home)
        let reached = await build.waits(for: "[1/1]")
        try #require(reached)
        let spared = try await World.run(["gc"], home: home)
        #expect(spared.output.contains("nothing to remove"), "\(spared.output)")
        build.send(SIGKILL)
        _ = await build.result()
        #expect(try World.leftovers(home: home) != [], "the machine outlives its replay")
        let collected = try await World.run(["gc"], home: home)
        #expect(collected.status == 0, "\(collected.errors)")
        #expect(try World.leftovers(home: home) == [])
    }

    @Test("a guest that never answers on SSH: its console's last lines are shown")
    func muteGuest() async throws {
        let home = try await World.shared.home(of: "faults")
        let scratch = try context("FROM mute:1\n")
        // A boot sector that writes a sentence to the first serial port and halts.
        let code: [UInt8] = [
            0x31, 0xc0, 0x8e, 0xd8, 0xfc, 0xba, 0xf8, 0x03, 0xbe, 0x16, 0x7c, 0xac, 0x08, 0xc0, 0x74, 0x03, 0xee, 0xeb,
            0xf8, 0xf4,
            0xeb, 0xfd,
        ]
        var sector = code + Array("no login here\r\n\0".utf8)
        sector += Array(repeating: 0, count: 510 - sector.count) + [0x55, 0xaa]
        let raw = try scratch.write(sector + Array(repeating: 0, count: 1 << 20), to: "mute.raw")
        let image = scratch("mute.qcow2")
        let converted = try await CommandRun.run(["qemu-img", "convert", "-O", "qcow2", raw.string, image.string])
        try #require(converted.status == 0, "\(converted.errors)")
        let sum = try await CommandRun.run(["sha512sum", image.string])
        let bytes = try scratch.read("mute.qcow2")
        let digest = try #require(sum.output.split(separator: " ").first)
        try await StubHTTPServer.with({ request in
            request.path.hasSuffix("SUMS")
                ? StubHTTPServer.Reply(text: "\(digest)  mute.qcow2\n")
                : StubHTTPServer.Reply.document(bytes, for: request)
        }) { server in
            let table = """
                distribution: mute
                images: ["mute"]
                environment: ["PATH=/usr/bin:/bin"]
                rows:
                  - name: "mute:1"
                    release: "1"
                    tags: ["1"]
                    clouds:
                      qemu:
                        source: https://example.org/
                        checked: "2026-11-22"
                        images:
                          - architectures: ["amd64", "arm64"]
                            download: {url: "\(server.url)/mute.qcow2", checksums: "\(server.url)/SUMS", algorithm: sha512}
                """
            let basemap = try scratch.write(table, to: "mute.yaml")
            let result = try await World.run(
                [
                    scratch.path.string, "--basemap", basemap.string, "--boot-timeout", "10", "--memory", "256",
                    "--progress", "plain",
                ],
                home: home)
            #expect(result.status == 5, "\(result.errors)")
            #expect(result.errors.contains("no login here"), "\(result.errors)")
            #expect(try World.leftovers(home: home) == [])
        }
    }

    @Test(
        "a disk that fills up during a step ends the build, names the reason and leaves nothing",
        .enabled(if: getuid() == 0, "a small file system to fill can be mounted by root only"))
    func diskFull() async throws {
        let full = try await World.shared.home(of: "faults")
        let scratch = try context("FROM debian:12\nRUN dd if=/dev/urandom of=/var/tmp/big bs=1M count=2000\n")
        let mount = scratch("small").string
        let owner = World.uid ?? 0
        let script = """
            mkdir "$1" && mount -t tmpfs -o size=1700m,uid=$3,gid=$3,mode=755 replay-test "$1" && mkdir "$1/run" "$1/tmp" && \
            cp -a "$2/cache" "$1/cache" && chown -R "$3:$3" "$1"
            """
        let made = try await CommandRun.run(["sh", "-c", script, "sh", mount, full, "\(owner)"])
        try #require(made.status == 0, "\(made.errors)")
        let result = try await World.run(
            [scratch.path.string, "--progress", "plain", "--disk", "8"], home: mount)
        #expect(result.status == 4, "\(result.errors)")
        #expect(
            result.errors.contains("[1/1] RUN dd"), "the driver's own check has let the build begin: \(result.errors)")
        #expect(result.errors.contains("is full"), "\(result.errors)")
        #expect(try World.leftovers(home: mount) == [])
        let unmounted = try await CommandRun.run(["umount", mount])
        #expect(unmounted.status == 0, "\(unmounted.errors)")
    }
}
