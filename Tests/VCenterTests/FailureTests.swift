import Clouds
import ReplayEvents
import ReplayTestSupport
import Testing
import VSphereDriver

/// Failures that a person can act on: what is wrong, where, and what to do.
@Suite(
    "Failures of a vCenter", .enabled(if: VSphereFixture.obstacle == nil, "\(VSphereFixture.obstacle ?? "")"))
struct FailureTests {
    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What the error must say.
        var words: [String]
        var options = VCenterSimulator.Options()
        /// Makes the trouble.
        var arrange: @Sendable (VCenterSimulator) async throws -> Void = { _ in }
        var account: @Sendable (VSphereFixture) -> VSphereAccount = { $0.account }
        var base = "debian-12"
        var flags: [String: String] = [:]
        var code: CloudError.Code?
    }

    private static func with(_ change: (inout VCenterSimulator.Options) -> Void) -> VCenterSimulator.Options {
        var options = VCenterSimulator.Options()
        change(&options)
        return options
    }

    static let failures: [Failure] = [
        Failure(
            testDescription: "wrong password", words: ["password", "administrator@vsphere.local"],
            account: {
                var account = $0.account
                account.password = "wrong-s3cret"
                return account
            }),
        Failure(
            testDescription: "a certificate of an unknown authority", words: ["certificate", "thumbprint"],
            account: {
                var account = $0.account
                account.authorities = nil
                return account
            }),
        Failure(
            testDescription: "another certificate than the one that was pinned", words: ["another certificate"],
            account: {
                var account = $0.account
                account.thumbprint = account.url.isEmpty ? nil : String(repeating: "AB:", count: 31) + "AB"
                return account
            }, code: .missingPrerequisite),
        Failure(
            testDescription: "an expired certificate", words: ["certificate"], options: with { $0.certificateDays = -1 }
        ),
        Failure(
            testDescription: "an ESXi host without vCenter", words: ["ESXi", "vCenter"],
            options: with { $0.isESXi = true }),
        Failure(
            testDescription: "no such template", words: ["/DC0/vm/nothing"], base: "nothing", code: .baseUnavailable),
        Failure(
            testDescription: "a machine that is on instead of a template", words: ["DC0_H0_VM0", "Power it off"],
            base: "DC0_H0_VM0"),
        Failure(
            testDescription: "a privilege that is missing on the template",
            words: ["VirtualMachine.Provisioning.DeployTemplate", "debian-12"],
            arrange: { try await $0.deny("VirtualMachine.Provisioning.DeployTemplate", on: "debian-12") }),
        Failure(
            testDescription: "a privilege that is missing on the datastore",
            words: ["Datastore.AllocateSpace", "LocalDS_0"],
            arrange: { try await $0.deny("Datastore.AllocateSpace", on: "LocalDS_0") }),
        Failure(
            testDescription: "a full datastore", words: ["LocalDS_0"],
            arrange: {
                try await $0.fail("CloneVM_Task", with: "NoDiskSpace", text: "LocalDS_0", asTask: true)
            }, code: .noSpace),
        Failure(
            testDescription: "all hosts in maintenance", words: ["maintenance"],
            arrange: { server in
                for name in ["DC0_H0", "DC0_C0_H0", "DC0_C0_H1", "DC0_C0_H2"] {
                    try await server.set("HostSystem", name, ["maintenance": .bool(true)])
                }
            }),
        Failure(
            testDescription: "a vCenter with too many sessions", words: ["503"],
            arrange: { try await $0.fail("RetrieveServiceContent", with: "503", times: 100) }),
    ]

    @Test(arguments: failures)
    func says(failure: Failure) async throws {
        try await VSphereFixture.with(failure.options) { fixture in
            let server = fixture.server
            try await failure.arrange(server)
            let before = try await Set(server.machines().keys)
            let ledger = InMemoryLedger()
            let account = failure.account(fixture)
            let driver = fixture.driver(base: failure.base, account: account, flags: failure.flags)
            let build = BuildID.random()
            var found: CloudError?
            do {
                try await driver.preflight()
                _ = try await VSphereFixture.launch(driver, build, ledger: ledger)
            } catch let error as CloudError { found = error }
            try? await CloudDriverConformance.undo(build, ledger, driver)
            await driver.close()
            let error = try #require(found, "nothing failed")
            let text = ([error.description] + error.context).joined(separator: "\n")
            for word in failure.words { #expect(text.contains(word), "\(word) is missing in: \(text)") }
            if let code = failure.code { #expect(error.code == code, "\(error.code): \(text)") }
            #expect(!text.contains(account.password), "the password is told")
            #expect(
                !text.contains("VirtualMachine:vm-") && !text.contains("task-"),
                "an identifier that nobody knows: \(text)")
            #expect(try await Set(server.machines().keys) == before, "a machine is left")
        }
    }

    @Test("a session that ends in between is renewed, once for all that ask at the same time")
    func expired() async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.withDriver { driver in
                let ledger = InMemoryLedger()
                let build = BuildID.random()
                let instance = try await VSphereFixture.launch(driver, build, ledger: ledger)
                _ = try await VSphereFixture.address(instance, driver)
                for _ in 1...2 {
                    try await fixture.server.expireSessions()
                    async let one = driver.state(of: instance)
                    async let two = driver.inventory()
                    async let three = driver.addresses(of: instance)
                    #expect(try await one == .running)
                    #expect(try await two.contains { $0.build == build })
                    #expect(try await !three.isEmpty)
                }
                try await CloudDriverConformance.undo(build, ledger, driver)
                #expect(try await fixture.server.calls()["Login"] == 3)
            }
        }
    }

    /// Calls whose answer gets lost: executed or not, the driver finds out.
    @Test(arguments: ["CloneVM_Task", "ReconfigVM_Task", "PowerOnVM_Task"], ["drop", "execute-drop"])
    func answersGetLost(method: String, how: String) async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.withDriver { driver in
                try await fixture.server.fail(method, with: how)
                let before = try await fixture.server.machines().count
                let ledger = InMemoryLedger()
                let build = BuildID.random()
                do {
                    let instance = try await VSphereFixture.launch(driver, build, ledger: ledger)
                    _ = try await VSphereFixture.address(instance, driver)
                    #expect(try await fixture.server.machines().count == before + 1)
                } catch let error as CloudError {
                    #expect(!error.message.isEmpty)
                }
                try await CloudDriverConformance.undo(build, ledger, driver)
                #expect(try await fixture.server.machines().count == before, "a machine is left")
            }
        }
    }

    @Test("a question with a default answer is answered, and told")
    func question() async throws {
        try await VSphereFixture.with { fixture in
            try await fixture.server.set(
                "VirtualMachine", "debian-12",
                [
                    "question": .string("Was it moved or copied?"),
                    "choices": .array([.string("moved"), .string("copied")]), "default": .number(1),
                ])
            try await fixture.withDriver { driver in
                let ledger = InMemoryLedger()
                let build = BuildID.random()
                let notices = Shared<[String]>([])
                let instance = try await VSphereFixture.launch(driver, build, ledger: ledger) { event in
                    if case .notice(let text) = event { notices.withLock { $0.append(text) } }
                }
                let address = try await VSphereFixture.address(instance, driver)
                let machine = try await fixture.server.machines().values.first { $0["address"]?.string == address }
                #expect(machine?["answers"]?.strings == ["1"])
                #expect(notices.value.contains { $0.contains("moved or copied") }, "\(notices.value)")
                try await CloudDriverConformance.undo(build, ledger, driver)
            }
        }
    }
}
