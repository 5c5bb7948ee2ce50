import Clouds
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@testable import QEMUDriver

@Suite("Acceleration is tried", .enabled(if: QEMUFixture.isPossible, QEMUFixture.needs))
struct AccelerationTests {
    /// The real QEMU, emulating where hardware acceleration is asked for; `probe` and `machine` are run before that.
    private func emulator(probe: String = "", machine: String = "") -> [String: String] {
        [
            "qemu-system-x86_64": """
            #!/bin/sh
            real=/usr/bin/qemu-system-x86_64
            case "$*" in
            *--version*) exec $real --version ;;
            *isa-debug-exit*) echo probe >>"$(dirname "$0")/runs"; \(probe) ;;
            *"-accel kvm"*) echo machine >>"$(dirname "$0")/runs"; \(machine) ;;
            esac
            for word do
                shift
                case $word in kvm) word=tcg ;; host) word=qemu64 ;; esac
                set -- "$@" "$word"
            done
            exec $real "$@"
            """
        ]
    }

    private func runs(_ fixture: QEMUFixture) throws -> String {
        fixture.scratch.holds("tools/runs")
            ? String(decoding: try fixture.scratch.read("tools/runs"), as: UTF8.self) : ""
    }

    private func acceleration(_ fixture: QEMUFixture, _ instance: Instance) throws -> Acceleration {
        try #require(MachineRecord(MachinePaths(instance.build, in: fixture.directories))).arguments.acceleration
    }

    private func with(
        tools: [String: String], patience: QEMUDriver.Patience = .init(probe: .seconds(30)),
        _ body: (QEMUFixture) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with { device in
            let path = try device.write("", to: "kvm")
            try await QEMUFixture.with(tools: tools, accelerator: path, patience: patience, body)
        }
    }

    @Test func aGuestThatComesUpProvesIt() async throws {
        try await with(tools: emulator()) { fixture in
            let first = try await fixture.launch()
            let second = try await fixture.launch()
            #expect(try acceleration(fixture, first) == .kvm)
            #expect(try acceleration(fixture, second) == .kvm)
            #expect(fixture.notices.value.isEmpty)
            #expect(try runs(fixture) == "probe\nmachine\nmachine\n")
        }
    }

    @Test(arguments: [
        ("echo 'qemu: error: failed to set MSR' >&2; kill -ABRT $$", "MSR"), ("exec sleep 3600", "slowly"),
        ("exit 0", "fails"),
    ])
    func aProbeThatFailsMeansEmulationSaidOnceAndRemembered(probe: String, words: String) async throws {
        let patience = QEMUDriver.Patience(probe: .seconds(words == "slowly" ? 1 : 30))
        try await with(tools: emulator(probe: probe), patience: patience) { fixture in
            let instance = try await fixture.launch()
            #expect(try acceleration(fixture, instance) == .tcg)
            #expect(fixture.notices.value.count == 1)
            #expect(fixture.notices.value.first?.contains("emulated") == true)
            // Another process, later.
            let again = QEMUFixture(
                fixture.scratch, tools: fixture.scratch("tools"),
                accelerator: await fixture.driver.chooser.device)
            let second = try await again.launch()
            #expect(try acceleration(fixture, second) == .tcg)
            #expect(again.notices.value.isEmpty)
            #expect(try runs(fixture) == "probe\n")
            try await CloudDriverConformance.undo(second.build, again.ledger, again.driver)
        }
    }

    @Test(arguments: [
        "echo 'KVM internal error. Suberror: 1' >&2; kill -ABRT $$", "echo 'failed to initialize kvm' >&2; exit 1",
    ])
    func aMachineThatAbortsIsEmulated(machine: String) async throws {
        try await with(tools: emulator(machine: machine)) { fixture in
            let instance = try await fixture.launch()
            try await fixture.waitForConsole(instance)
            #expect(try acceleration(fixture, instance) == .tcg)
            #expect(fixture.notices.value.count == 1)
            _ = try await fixture.launch()
            #expect(fixture.notices.value.count == 1)
            #expect(try runs(fixture) == "probe\nmachine\n")
        }
    }

    @Test func aGuestThatStaysSilentIsEmulated() async throws {
        let patience = QEMUDriver.Patience(probe: .seconds(30), firstSign: .milliseconds(300))
        try await with(tools: emulator(), patience: patience) { fixture in
            let instance = try await fixture.launch(TinyGuest.silent)
            #expect(try acceleration(fixture, instance) == .tcg)
            #expect(fixture.notices.value.first?.contains("no sign of life") == true)
            #expect(try await fixture.driver.state(of: instance) == .running)
        }
    }

    @Test func twoLaunchesAtOnceProbeOnce() async throws {
        try await with(tools: emulator(probe: "sleep 0.2; exit 1")) { fixture in
            async let one = fixture.launch()
            async let two = fixture.launch()
            _ = try await (one, two)
            #expect(try runs(fixture) == "probe\n")
            #expect(fixture.notices.value.count == 1)
        }
    }

    @Test func withoutTheDeviceNothingIsTried() async throws {
        try await QEMUFixture.with(tools: emulator()) { fixture in
            let instance = try await fixture.launch()
            #expect(try acceleration(fixture, instance) == .tcg)
            #expect(fixture.notices.value.first?.contains("has no /nonexistent/kvm") == true)
            #expect(try runs(fixture).isEmpty)
        }
    }

    @Test func theProbeRunsUnderEmulationToo() async throws {
        try await ScratchDirectory.with { scratch in
            for (name, script) in emulator() { try scratch.write(script, to: name, mode: 0o755) }
            let tools = try QEMUTools.locate(searchPath: "\(scratch.path):\(QEMUFixture.searchPath)")
            let probe = AccelerationProbe(tools: tools, disk: scratch("probe, really.img"), patience: .seconds(30))
            #expect(try await probe.failure() == nil)
        }
    }
}
