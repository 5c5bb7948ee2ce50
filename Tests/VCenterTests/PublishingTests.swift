import Clouds
import ReplayEvents
import ReplayTestSupport
import Testing

@testable import VSphereDriver

/// Templates get their names, and others keep theirs.
@Suite("Publishing", .enabled(if: VSphereFixture.obstacle == nil, "\(VSphereFixture.obstacle ?? "")"))
struct PublishingTests {
    /// Builds and publishes `web:1`.
    private func publish(_ driver: VSphereDriver, labels: [(name: String, value: String)] = []) async throws -> BuildID
    {
        let ledger = InMemoryLedger()
        let build = BuildID.random()
        let instance = try await VSphereFixture.launch(driver, build, ledger: ledger)
        do {
            try await driver.stop(instance, graceful: false)
            let image = try await driver.capture(
                instance, as: CaptureRequest(destination: "/nowhere", name: "web:1"), ledger: ledger,
                task: TaskID("capture")
            ) { _ in }
            _ = try await driver.publish(
                image, as: PublishRequest(build: build, name: "web", tag: "1", labels: labels), ledger: ledger)
            let left = try await ledger.entries(of: build)
            #expect(left == [], "a published template is nothing to be cleaned up")
        } catch {
            try await CloudDriverConformance.undo(build, ledger, driver)
            throw error
        }
        return build
    }

    @Test("The newest has the name, as many old ones stay as are to be kept, and those of another folder always")
    func keeping() async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.withDriver { driver in
                let folder = try await driver.inventoryOfNames.datacenter().machines
                try await driver.session.call("CreateFolder", folder, [Element("name", "other")], to: "make a folder")
            }
            let elsewhere = try await fixture.withDriver(flags: ["folder": "other"]) { try await publish($0) }
            try await fixture.withDriver(flags: ["keep": "1"]) { driver in
                let first = try await publish(driver)
                let second = try await publish(driver)
                var names = try await Set(fixture.server.machines().keys)
                #expect(names.contains("web-1") && names.contains("web-1~\(first)"), "\(names.sorted())")
                _ = try await publish(driver)
                names = try await Set(fixture.server.machines().keys)
                #expect(names.contains("web-1~\(second)"), "\(names.sorted())")
                #expect(!names.contains("web-1~\(first)"), "\(names.sorted())")
                let marks = try await driver.inventoryOfNames.machines(["config.annotation"])
                    .compactMap { $0.properties["config.annotation"].flatMap { MachineMark($0.text)?.build } }
                #expect(marks.contains(elsewhere), "a template of another folder is somebody else's")
            }
        }
    }

    @Test("A label cannot take a template's mark")
    func labels() async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.withDriver { driver in
                let build = try await publish(
                    driver,
                    labels: [
                        ("replay.build", "000000000000"), ("replay.template", "other:1"),
                        ("note", "one\nreplay.owner: two"),
                    ])
                let text = try await fixture.server.machines()["web-1"]?["annotation"]?.string
                let mark = try #require(MachineMark(text ?? ""))
                #expect(mark.build == build && mark.template == "web:1" && mark.owner == "test@here", "\(text ?? "")")
            }
        }
    }

    @Test("When the new one cannot get the name, the old one has it still", arguments: [1, 2])
    func undone(attempt: Int) async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.withDriver { driver in
                let first = try await publish(driver)
                try await fixture.server.fail("Rename_Task", with: "SystemError", asTask: true, after: attempt - 1)
                await #expect(throws: CloudError.self) { _ = try await publish(driver) }
                let text = try await fixture.server.machines()["web-1"]?["annotation"]?.string
                #expect(MachineMark(text ?? "")?.build == first)
                let made = try await driver.inventory()
                #expect(made == [], "what could not be published is gone")
            }
        }
    }
}
