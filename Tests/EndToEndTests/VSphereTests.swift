import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// `replay Dockerfile --cloud vsphere`, over the real protocol, on real guests.
@Suite(
    "vSphere with real guests", .enabled(if: VSphereWorld.obstacle == nil, "\(VSphereWorld.obstacle ?? "")"),
    .serialized)
struct VSphereTests {
    private func context(_ dockerfile: String) throws -> ScratchDirectory {
        let scratch = try ScratchDirectory()
        try scratch.write(dockerfile, to: "Dockerfile")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path.string)
        return scratch
    }

    @Test("nginx: built, a template in the inventory, its copies serve", .timeLimit(.minutes(15)))
    func nginx() async throws {
        try await VSphereWorld.with("vsphere") { world in
            let clock = ContinuousClock()
            let began = clock.now
            let build = try await world.run([
                "\(World.samples)/nginx", "--base", "debian-12", "-t", "web:1", "--progress", "json",
            ])
            let seconds = (clock.now - began) / .seconds(1)
            try #require(build.status == 0, "\(build.errors)")
            #expect(try await world.server.sessions() == [])
            #expect(try await world.server.filters() == [:])

            let made = try await world.made()
            try #require(made.count == 1, "\(made.keys)")
            let template = try #require(made.values.first)
            #expect(template["template"]?.bool == true && template["on"]?.bool == false)
            #expect(template["extraConfig"]?.object?.keys.contains { $0.hasPrefix("guestinfo.") } == false)
            #expect(try await world.guests() == "")

            let times = try BuildTimes(build.errors)
            let calls = try await world.server.calls()
            // What waits are made of: the collectors and filters, too.
            let waits = calls.filter {
                $0.key.hasPrefix("WaitForUpdates") || $0.key.hasSuffix("PropertyCollector")
                    || $0.key.hasSuffix("Filter")
            }.values.reduce(0, +)
            let others = calls.values.reduce(0, +) - waits
            let server = Double(try await world.server.times().values.reduce(0, +)) / 1000
            let own = seconds - times.guest - server
            print(
                String(
                    format: "vSphere: %.1f s, of which guest %.1f s, simulator %.2f s, own overhead %.2f s;", seconds,
                    times.guest, server, own), "\(others) calls and \(waits) waits:", calls.sorted { $0.key < $1.key })
            print("vSphere, by task:", times.description)
            #expect(others < 25)

            // A copy of the template, made as any copy of a template is.
            let script = """
                timeout 60 sh -c 'until systemctl is-active -q replay-app; do sleep 0.5; done'
                exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3
                cat /var/lib/cloud/instance/datasource
                getent passwd replay-build; exit 7
                """
            let page = try String(contentsOfFile: World.samples + "/nginx/index.html", encoding: .utf8)
            let copy = try await world.run(["template", "run", "web:1", "--", "bash", "-c", script])
            #expect(copy.status == 7, "\(copy.output)\(copy.errors)")
            #expect(copy.output.contains(page), "\(copy.output)")
            #expect(copy.output.contains("DataSourceVMware"), "\(copy.output)")
            #expect(!copy.output.contains("replay-build:"), "\(copy.output)")
            #expect(try await world.made().count == 1)
            #expect(try await world.server.sessions() == [])
        }
    }

    @Test(
        "a failing step, Ctrl-C, kill -9: nothing is left, or gc from another machine removes it",
        .timeLimit(.minutes(15)))
    func nothingIsLeft() async throws {
        try await VSphereWorld.with("vsphere") { world in
            let failing = try context("FROM debian:12\nRUN echo last words >&2; exit 42\n")
            let failed = try await world.run([
                failing.path.string, "--base", "debian-12", "-t", "broken", "--progress", "plain",
            ])
            #expect(failed.status == 1 && failed.errors.contains("last words"), "\(failed.errors)")
            #expect(try await world.made() == [:])
            #expect(try await world.server.sessions() == [])

            let sleeping = try context("FROM debian:12\nRUN echo sleep''ing; sleep 1000\n")
            let arguments = [sleeping.path.string, "--base", "debian-12", "-t", "never", "--progress", "plain"]
            let interrupted = try world.start(arguments)
            let slept = await interrupted.waits(for: "sleeping")
            #expect(slept)
            interrupted.send(SIGINT)
            let end = await interrupted.result()
            #expect(end.status == 130, "\(end.errors)")
            #expect(try await world.made() == [:])
            #expect(try await world.server.sessions() == [])

            let killed = try world.start(arguments)
            let begun = await killed.waits(for: "sleeping")
            #expect(begun)
            killed.send(SIGKILL)
            _ = await killed.result()
            #expect(try await world.made().count == 1, "the machine outlives its replay")
            // Another machine does not know whether that replay still lives, until the build has expired.
            let other = try await World.shared.home(of: "vsphere-elsewhere")
            let copied = try await CommandRun.run(["install", "-m", "644", world.home + "/ca.pem", other + "/ca.pem"])
            #expect(copied.status == 0)
            let spared = try await world.run(["gc"], home: other)
            #expect(spared.status == 0, "\(spared.errors)")
            let left = try await world.made()
            try #require(left.count == 1, "a machine that has not expired is somebody else's")
            for (name, machine) in left {
                let notes = try #require(machine["annotation"]?.string)
                let expired = notes.split(separator: "\n").map { line in
                    line.hasPrefix("replay.expires: ") ? "replay.expires: 1700000000" : String(line)
                }
                #expect(expired.joined(separator: "\n") != notes, "\(notes)")
                try await world.server.set(
                    "VirtualMachine", name, ["annotation": .string(expired.joined(separator: "\n"))])
            }
            let taken = try await world.run(["gc"], home: other)
            #expect(taken.status == 0, "\(taken.errors)")
            #expect(try await world.made() == [:], "\(taken.output)\(taken.errors)")
            // The one whose machine it was has nothing to do any more, and says so.
            let collected = try await world.run(["gc"])
            #expect(collected.status == 0, "\(collected.errors)")
            #expect(try await world.made() == [:])
            #expect(try await world.guests() == "")
        }
    }
}

/// How long the tasks of a build took, by its progress as JSON lines.
private struct BuildTimes: CustomStringConvertible {
    private struct Line: Decodable {
        var event: String
        var task: String?
        var elapsed: Double
    }

    private var spans: [String: ClosedRange<Double>] = [:]

    init(_ text: String) throws {
        var begun: [String: Double] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("{") {
            let event = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            guard let task = event.task else { continue }
            if event.event == "task-started" { begun[task] = event.elapsed }
            if event.event == "task-finished", let start = begun[task] { spans[task] = start...event.elapsed }
        }
    }

    /// The seconds in which the guest boots, is prepared, runs steps, and is sealed with its power-off.
    var guest: Double {
        var total = 0.0
        var end = 0.0
        for (_, span) in spans.filter({ Self.isGuests($0.key) }).sorted(by: {
            $0.value.lowerBound < $1.value.lowerBound
        }) {
            let first = max(span.lowerBound, end)
            if span.upperBound > first { total += span.upperBound - first }
            end = max(end, span.upperBound)
        }
        return total
    }

    private static func isGuests(_ task: String) -> Bool {
        ["boot", "seal", "install"].contains(task)
            || ["step-", "upload-", "prepare-"].contains { task.hasPrefix($0) }
    }

    var description: String {
        spans.sorted { $0.value.lowerBound < $1.value.lowerBound }
            .map { "\($0.key) \(String(format: "%.2f", $0.value.upperBound - $0.value.lowerBound))" }
            .joined(separator: ", ")
    }
}
