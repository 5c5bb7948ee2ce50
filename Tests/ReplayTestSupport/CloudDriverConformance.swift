public import Clouds
import ReplayEvents
import Testing

/// What every `CloudDriver` that makes machines promises. Each check launches what it needs and destroys it in the end.
public enum CloudDriverConformance {
    /// What a check is given.
    public struct Subject: Sendable {
        /// The driver.
        public var driver: any CloudDriver
        /// Something small to start machines from. Its guest need not react to a power button.
        public var source: LaunchSource
        /// An empty directory for captures; it exists.
        public var destination: String
        /// Memory of the machines.
        public var memoryMiB: Int

        /// Makes a subject.
        public init(driver: any CloudDriver, source: LaunchSource, destination: String, memoryMiB: Int = 64) {
            self.driver = driver
            self.source = source
            self.destination = destination
            self.memoryMiB = memoryMiB
        }
    }

    /// The promises.
    public static let all: [ConformanceCheck<Subject>] = [
        ConformanceCheck("a launched machine runs, is listed, and is absent when it was destroyed") { subject in
            let driver = subject.driver
            let ledger = InMemoryLedger()
            let (instance, build) = try await subject.launch(ledger)
            try await cleaning(up: build, ledger, driver) {
                try await wait(for: .running, instance, driver)
                let listed = try await driver.inventory()
                #expect(listed.contains { $0.build == build }, "the inventory is \(listed)")
            }
            let state = try await driver.state(of: instance)
            #expect(state == .absent, "a destroyed machine is \(state)")
            let left = try await driver.inventory().filter { $0.build == build }
            #expect(left.isEmpty, "the inventory still has \(left)")
        },
        ConformanceCheck("everything is in the ledger before it exists") { subject in
            let driver = subject.driver
            let ledger = InMemoryLedger()
            let early = Shared(false)
            await ledger.setOnIntend { resource in
                let known = try await driver.inventory()
                if known.contains(where: { $0.build == resource.build && $0.token == resource.token }) {
                    early.withLock { $0 = true }
                }
            }
            let (_, build) = try await subject.launch(ledger)
            try await cleaning(up: build, ledger, driver) {
                #expect(!early.value, "a resource existed before its entry")
                let entries = try await ledger.entries(of: build)
                #expect(!entries.isEmpty, "the ledger is empty")
                #expect(entries.allSatisfy { $0.state == .present }, "entries are not confirmed: \(entries)")
                #expect(entries.allSatisfy { $0.resource.cloud == driver.name }, "another cloud's: \(entries)")
            }
        },
        ConformanceCheck("a ledger that cannot write stops the launch, and undoing what it has leaves nothing") {
            subject in
            let driver = subject.driver
            for limit in 0..<8 {
                let ledger = InMemoryLedger()
                let count = Shared(0)
                await ledger.setOnIntend { _ in
                    let before = count.withLock { count in
                        count += 1
                        return count - 1
                    }
                    if before >= limit { throw CloudError(.noSpace, "The ledger's disk is full.") }
                }
                let build = BuildID.random()
                do {
                    _ = try await driver.launch(subject.spec(build), from: subject.source, ledger: ledger) { _ in }
                } catch let error as CloudError {
                    #expect(error.code == .noSpace, "the error is \(error)")
                }
                try await undo(build, ledger, driver)
                let left = try await driver.inventory().filter { $0.build == build }
                #expect(left.isEmpty, "after \(limit) entries, left: \(left)")
            }
        },
        ConformanceCheck("destroying twice, and destroying what never was, is no error") { subject in
            let driver = subject.driver
            let ledger = InMemoryLedger()
            let (_, build) = try await subject.launch(ledger)
            let entries = try await ledger.entries(of: build)
            for _ in 1...2 { for entry in entries { try await driver.destroy(entry.resource) } }
            for entry in entries {
                var other = entry.resource
                other.reference = nil
                try await driver.destroy(other)
            }
        },
        ConformanceCheck("a hard stop leads to stopped, twice too, and a start to running again") { subject in
            let driver = subject.driver
            let ledger = InMemoryLedger()
            let (instance, build) = try await subject.launch(ledger)
            try await cleaning(up: build, ledger, driver) {
                try await wait(for: .running, instance, driver)
                try await driver.stop(instance, graceful: false)
                try await wait(for: .stopped, instance, driver)
                try await driver.stop(instance, graceful: false)
                try await driver.stop(instance, graceful: true)
                try await driver.start(instance)
                try await wait(for: .running, instance, driver)
                // On some clouds the guest must be up for that.
                _ = try await Waiter(firstPause: .milliseconds(10), longestPause: .milliseconds(200)).wait(
                    for: "a restarted machine's address", within: .seconds(60)
                ) { try await driver.addresses(of: instance).first }
            }
        },
        ConformanceCheck("a running machine is not captured, and a stopped one is, whole") { subject in
            let driver = subject.driver
            guard driver.capabilities.capture else { return }
            let ledger = InMemoryLedger()
            let (instance, build) = try await subject.launch(ledger)
            let request = CaptureRequest(destination: subject.destination, name: "conformance:1")
            try await cleaning(up: build, ledger, driver) {
                try await wait(for: .running, instance, driver)
                do {
                    _ = try await driver.capture(instance, as: request, ledger: ledger, task: TaskID("capture")) { _ in
                    }
                    Issue.record("a running machine was captured")
                } catch let error as CloudError {
                    #expect(error.code == .captureFailed, "the error is \(error)")
                }
                try await driver.stop(instance, graceful: false)
                try await wait(for: .stopped, instance, driver)
                let before = try await ledger.entries(of: build)
                let image = try await driver.capture(instance, as: request, ledger: ledger, task: TaskID("capture")) {
                    _ in
                }
                #expect(image.cloud == driver.name, "the image is \(image)")
                #expect(image.digest != nil || !driver.capabilities.localImages, "the image is \(image)")
                let after = try await ledger.entries(of: build)
                #expect(before == after, "the image is still to be cleaned up: \(after)")
            }
        },
        ConformanceCheck("a machine that does not exist is absent, and verbs on it say not found") { subject in
            let driver = subject.driver
            let nobody = Instance(build: .random(), reference: "0123456789ab", start: .booted)
            let state = try await driver.state(of: nobody)
            #expect(state == .absent, "it is \(state)")
            for verb in [driver.start, driver.reset] as [(Instance) async throws -> Void] {
                do {
                    try await verb(nobody)
                    Issue.record("a verb succeeded")
                } catch let error as CloudError {
                    #expect(error.code == .notFound || error.code == .unsupported, "the error is \(error)")
                }
            }
        },
        ConformanceCheck("two machines at once do not disturb each other") { subject in
            let driver = subject.driver
            let (ledger, other) = (InMemoryLedger(), InMemoryLedger())
            async let first = subject.launch(ledger)
            async let second = subject.launch(other)
            let ((one, oneBuild), (two, twoBuild)) = try await (first, second)
            try await cleaning(up: twoBuild, other, driver) {
                try await cleaning(up: oneBuild, ledger, driver) {
                    try await wait(for: .running, one, driver)
                    try await wait(for: .running, two, driver)
                }
                let state = try await driver.state(of: two)
                #expect(state == .running, "the second is \(state) when the first is destroyed")
            }
        },
    ]

    /// Destroys what a ledger has of a build, newest first: what the engine's undo does.
    public static func undo(_ build: BuildID, _ ledger: any ResourceLedger, _ driver: any CloudDriver) async throws {
        for entry in try await ledger.entries(of: build) {
            try await driver.destroy(entry.resource)
            try await ledger.gone(entry.id)
        }
    }

    private static func cleaning(
        up build: BuildID, _ ledger: any ResourceLedger, _ driver: any CloudDriver, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch {
            try? await undo(build, ledger, driver)
            throw error
        }
        try await undo(build, ledger, driver)
    }

    private static func wait(for state: InstanceState, _ instance: Instance, _ driver: any CloudDriver) async throws {
        let waiter = Waiter(firstPause: .milliseconds(10), longestPause: .milliseconds(200))
        try await waiter.wait(until: state, of: instance, on: driver, within: .seconds(60))
    }
}

extension CloudDriverConformance.Subject {
    /// A specification of a small machine.
    public func spec(_ build: BuildID) -> InstanceSpec {
        InstanceSpec(
            build: build, cpus: 1, memoryMiB: memoryMiB, diskGiB: nil,
            seed: GuestSeed(userData: "#cloud-config\n{}\n", metaData: "{\"instance-id\": \"\(build)\"}\n"))
    }

    fileprivate func launch(_ ledger: any ResourceLedger) async throws -> (Instance, BuildID) {
        let build = BuildID.random()
        do {
            return (try await driver.launch(spec(build), from: source, ledger: ledger) { _ in }, build)
        } catch {
            try? await CloudDriverConformance.undo(build, ledger, driver)
            throw error
        }
    }
}
