import Clouds
import ReplayTestSupport
import Testing

@Suite("Waiting")
struct WaiterTests {
    let clock = ManualClock()
    var waiter: Waiter { Waiter(clock: clock, firstPause: .milliseconds(100), longestPause: .seconds(1)) }

    @Test func anAnswerThatIsThereCostsNoPause() async throws {
        let answer = try await waiter.wait(for: "it", within: .seconds(1)) { 42 }
        #expect(answer == 42)
        #expect(clock.pauses.value.isEmpty)
    }

    @Test func pausesGrowToTheLongestOne() async throws {
        let questions = Shared(0)
        _ = try await waiter.wait(for: "it", within: .seconds(60)) { () -> Bool? in
            questions.withLock {
                $0 += 1
                return $0 > 9 ? true : nil
            }
        }
        let pauses = clock.pauses.value
        #expect(pauses.first == .milliseconds(100))
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == .seconds(1))
    }

    @Test func theDeadlineEndsItWithOneLastQuestion() async throws {
        let questions = Shared<[Duration]>([])
        let error = await #expect(throws: CloudError.self) {
            try await waiter.wait(for: "the moon", within: .seconds(3)) { () -> Int? in
                let now = clock.now.offset
                questions.withLock { $0.append(now) }
                return nil
            }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("the moon") == true)
        #expect(questions.value.last == .seconds(3))
    }

    @Test func whatTheQuestionThrowsEndsIt() async throws {
        let error = await #expect(throws: CloudError.self) {
            try await waiter.wait(for: "it", within: .seconds(3)) { () -> Int? in throw CloudError(.notFound, "gone") }
        }
        #expect(error?.code == .notFound)
    }

    @Test func cancellingEndsItAtOnce() async throws {
        let waiting = Task { try await Waiter().wait(for: "it", within: .seconds(3600)) { () -> Int? in nil } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test(arguments: [
        (InstanceState.failed("no disk"), CloudError.Code.launchFailed), (.absent, .notFound),
        (.stopped, .launchFailed),
    ])
    func aStateThatCannotLeadToRunningEndsIt(state: InstanceState, code: CloudError.Code) async throws {
        let cloud = InMemoryCloud()
        let (instance, _) = try await launched(on: cloud)
        await cloud.write("one\r\n\u{1b}[31mKernel panic\u{1b}[0m\n", toConsoleOf: instance)
        await cloud.set(state, of: instance)
        let error = await #expect(throws: CloudError.self) {
            try await waiter.wait(until: .running, of: instance, on: cloud, within: .seconds(3))
        }
        #expect(error?.code == code)
        if code == .launchFailed { #expect(error?.context == ["one", "Kernel panic"]) }
    }

    @Test func aMachineThatPowersOffIsWaitedFor() async throws {
        let cloud = InMemoryCloud()
        let (instance, _) = try await launched(on: cloud)
        try await cloud.stop(instance, graceful: true)
        try await waiter.wait(until: .stopped, of: instance, on: cloud, within: .seconds(3))
    }

    private func launched(on cloud: InMemoryCloud) async throws -> (Instance, BuildID) {
        let build = BuildID.random()
        let image = CloudImage(cloud: "in-memory", reference: "base", digest: nil, origin: "test")
        let spec = InstanceSpec(
            build: build, cpus: 1, memoryMiB: 64, diskGiB: nil, seed: GuestSeed(userData: "", metaData: ""))
        let instance = try await cloud.launch(spec, from: .image(image), ledger: InMemoryLedger()) { _ in }
        return (instance, build)
    }
}
