import Clouds
import ReplayEvents
import ReplayTestSupport
import Testing
import VSphereDriver

@Suite(
    "The vSphere driver keeps the contract",
    .enabled(if: VSphereFixture.obstacle == nil, "\(VSphereFixture.obstacle ?? "")"))
struct ConformanceTests {
    @Test(arguments: CloudDriverConformance.all, [0, 1])
    func keeps(check: ConformanceCheck<CloudDriverConformance.Subject>, pageSize: Int) async throws {
        var options = VCenterSimulator.Options()
        options.bootMilliseconds = 50
        options.pageSize = pageSize
        try await VSphereFixture.with(options) { fixture in
            try await fixture.withDriver { driver in
                let image = try await VSphereFixture.image(driver)
                try await check(.init(driver: driver, source: .image(image), destination: "/nowhere"))
            }
        }
    }

    @Test(
        "a larger disk, another network, another place: they are the machine's own, and the template's stay as they are"
    )
    func isPlaced() async throws {
        try await VSphereFixture.with { fixture in
            let flags = ["datastore": "LocalDS_0", "cluster": "DC0_C0", "network": "DC0_DVPG0"]
            try await fixture.withDriver(flags: flags) { driver in
                let before = try await fixture.server.machines()["debian-12"]
                let ledger = InMemoryLedger()
                let build = BuildID.random()
                let instance = try await driver.launch(
                    VSphereFixture.spec(build, diskGiB: 5), from: .image(VSphereFixture.image(driver)), ledger: ledger
                ) { _ in }
                let address = try await VSphereFixture.address(instance, driver)
                let machines = try await fixture.server.machines()
                let machine = try #require(machines.values.first { $0["address"]?.string == address })
                #expect(machine["diskKiB"]?.int == 5 << 20, "\(machine)")
                #expect(machine["diskFile"] != before?["diskFile"] && machine["mac"] != before?["mac"], "\(machine)")
                #expect(machine["host"]?.string?.hasPrefix("DC0_C0_") == true, "\(machine)")
                #expect(machines["debian-12"] == before)
                try await CloudDriverConformance.undo(build, ledger, driver)
            }
        }
    }

    @Test("twenty at once: each has its own machine, and nobody leaves a session, a filter or a machine behind")
    func manyAtOnce() async throws {
        try await VSphereFixture.with { fixture in
            let before = try await Set(fixture.server.machines().keys)
            let addresses = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<20 {
                    group.addTask { try await fixture.withDriver { try await Self.job(number, $0, fixture) } }
                }
                var addresses: [String] = []
                for try await address in group { addresses.append(address) }
                return addresses
            }
            #expect(Set(addresses).count == 20, "\(addresses.sorted())")
            #expect(try await fixture.server.sessions() == [])
            #expect(try await fixture.server.filters() == [:])
            let machines = try await fixture.server.machines()
            let kept = machines.filter { !before.contains($0.key) }
            #expect(kept.count == 10, "\(kept.keys.sorted())")
            for (name, machine) in kept {
                #expect(machine["template"]?.bool == true && machine["on"]?.bool == false, "\(name)")
                let secrets = machine["extraConfig"]?.object?.keys.filter { $0.hasPrefix("guestinfo.") } ?? []
                #expect(secrets == [], "\(name)")
            }
        }
    }

    /// Launches, looks at the machine's own seed, and captures it (even numbers) or destroys it.
    private static func job(_ number: Int, _ driver: VSphereDriver, _ fixture: VSphereFixture) async throws -> String {
        let ledger = InMemoryLedger()
        let build = BuildID.random()
        let instance = try await VSphereFixture.launch(driver, build, ledger: ledger)
        let address = try await VSphereFixture.address(instance, driver)
        let machine = try #require(
            try await fixture.server.machines().values.first { $0["address"]?.string == address })
        #expect(machine["annotation"]?.string?.contains("\(build)") == true, "\(machine)")
        #expect(machine["cpus"]?.int == 2 && machine["memoryMiB"]?.int == 512)
        let own = try await driver.inventory().filter { $0.build == build }
        #expect(!own.isEmpty)
        if number.isMultiple(of: 2) {
            try await driver.stop(instance, graceful: true)
            _ = try await VSphereFixture.wait(for: "the power-off") {
                try await driver.state(of: instance) == .stopped ? true : nil
            }
            let request = CaptureRequest(destination: "/nowhere", name: "job-\(number):1")
            let image = try await driver.capture(
                instance, as: request, ledger: ledger, task: TaskID("capture")
            ) { _ in }
            _ = try await driver.publish(
                image, as: PublishRequest(build: build, name: "job-\(number)", tag: "1", labels: []), ledger: ledger)
        }
        try await CloudDriverConformance.undo(build, ledger, driver)
        return address
    }
}
