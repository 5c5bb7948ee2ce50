import Clouds
import Foundation
import ReplayPlan
import ReplayTestSupport
import Store
import Testing

@testable import Templates

@Suite("Verification of copies")
struct VerificationTests {
    private static let first = [
        "machine-id 0123456789abcdef0123456789abcdef", "boot-id b1", "host-key AAAA1", "enabled ssh.service",
        "enabled replay-host-keys.service", "service active", "health healthy", "end",
    ]
    private static let rebooted = replaced(first, "boot-id", "boot-id b2")
    private static let second = replaced(
        replaced(first, "machine-id", "machine-id ffffffffffffffffffffffffffffffff"), "host-key", "host-key AAAA2")

    private static func replaced(_ lines: [String], _ key: String, _ line: String) -> [String] {
        lines.map { $0.hasPrefix(key) ? line : $0 }
    }

    private static func observation(_ lines: [String]) -> CopyObservation {
        CopyObservation(lines.map { "replay-probe \($0)\n" }.joined() + "noise\n")
    }

    private static func record() throws -> TemplateRecord {
        var record = TemplateRecord(
            identifier: "", name: try TemplateReference("web:1"), build: nil, created: Date(timeIntervalSince1970: 0),
            image: ImageRecord(cloud: "qemu", reference: "", digest: nil, size: nil), architecture: "amd64",
            dockerfile: nil, chain: [], steps: [], config: ImageConfig(), buildArguments: [], warnings: [],
            versions: [:])
        record.enabledUnits = ["ssh.service"]
        return record
    }

    /// How one of the three looks is not as it must be, and the check that says so.
    private static let breaches: [(which: Int, key: String, line: String, check: String)] = [
        (0, "machine-id", "machine-id short", "machine-id is made by each copy"),
        (2, "machine-id", first[0], "machine-id differs between copies"),
        (1, "machine-id", "machine-id eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "machine-id stays on reboot"),
        (0, "host-key", "nothing", "host keys are made by each copy"),
        (2, "host-key", "host-key AAAA1", "host keys differ between copies"),
        (1, "host-key", "host-key AAAA3", "host keys stay on reboot"),
        (1, "boot-id", "boot-id b1", "the reboot was one"),
        (0, "enabled ssh", "trace the user replay-build", "first boot: no trace of the build"),
        (2, "health", "failed app.service", "second copy: failed units"),
        (1, "enabled ssh", "enabled telnet.socket", "after the reboot: enabled units"),
        (0, "service", "service failed", "first boot: the service is up"),
        (2, "health", "health unhealthy", "second copy: HEALTHCHECK"),
        (1, "health", "silent 8080", "after the reboot: EXPOSEd ports answer"),
    ]

    @Test("good copies pass")
    func good() throws {
        var report = VerificationReport()
        report.compare(
            first: Self.observation(Self.first), rebooted: Self.observation(Self.rebooted),
            second: Self.observation(Self.second), with: try Self.record())
        #expect(report.problems == [])
        #expect(report.checks.count > 20)
    }

    @Test("each thing that is wrong is found, and named", arguments: breaches.indices)
    func bad(index: Int) throws {
        let breach = Self.breaches[index]
        var looks = [Self.first, Self.rebooted, Self.second]
        looks[breach.which] = Self.replaced(looks[breach.which], breach.key, breach.line)
        let copies = looks.map(Self.observation)
        var report = VerificationReport()
        report.compare(first: copies[0], rebooted: copies[1], second: copies[2], with: try Self.record())
        #expect(!report.passed)
        #expect(report.problems.contains { $0.hasPrefix(breach.check + ":") }, "\(report.problems)")
    }

    @Test("the script that looks is one that sh can read, and asks only for what is promised")
    func script() async throws {
        var record = try Self.record()
        let bare = CopyProbe.script(for: record, deadline: 5)
        #expect(bare.contains("PORTS=''"))
        record.config.exposedPorts = ["80/tcp", "53/udp"]
        record.service = ServiceRecord(
            unit: "replay-app.service", enabled: true, arguments: ["x"], user: "", healthTimer: "t", displacedUnits: [])
        let full = CopyProbe.script(for: record, deadline: 5)
        #expect(full.contains("PORTS='80'"))
        #expect(full.contains("SERVICE=replay-app.service"))
        for script in [bare, full] {
            let result = try await CommandRun.run(["sh", "-n", "-c", script])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test(
        "the instruction that made a file is told where the Dockerfile says it",
        arguments: [
            ("/etc/ssh/ssh_host_rsa_key", "line 2: RUN ssh-keygen"), ("/etc/ssh/ssh_host_rsa_key.pub", nil),
            ("/root/.ssh/id_ed25519", "line 4: COPY id_ed25519 /root/.ssh/"), ("/root/.ssh/other", nil),
            ("/srv/app/core", "line 5: COPY app /srv/app"), ("/var/log/x.log", nil),
        ] as [(String, String?)])
    func instruction(path: String, expected: String?) throws {
        var record = try Self.record()
        record.dockerfile = DockerfileRecord(
            path: "Dockerfile", digest: "",
            text:
                "FROM debian:12\nRUN ssh-keygen -f \\\n  /etc/ssh/ssh_host_rsa_key\nCOPY id_ed25519 /root/.ssh/\nCOPY app /srv/app\n"
        )
        let titles = [(2, 3, "RUN ssh-keygen"), (4, 4, "COPY id_ed25519 /root/.ssh/"), (5, 5, "COPY app /srv/app")]
        record.steps = titles.enumerated().map { index, step in
            StepRecord(
                Step(
                    number: index + 1, stage: "0", title: step.2, lines: LineRange(first: step.0, last: step.1),
                    action: .makeDirectory(MakeDirectoryAction(path: "/", user: "")), digest: ""), seconds: 0)
        }
        #expect(record.instruction(thatMade: path) == expected)
    }
}
