public import Clouds
public import ReplayEvents

/// Seals a machine: runs the seal script on it and waits until the machine has powered itself off.
public struct Sealer: Sendable {
    private let driver: any CloudDriver
    private let deadline: Duration

    /// Makes a sealer.
    /// - Parameter deadline: How long the seal and the power-off may take. A machine that is not off by then was not
    ///   sealed: cutting its power would capture a disk in the middle of something.
    public init(driver: any CloudDriver, deadline: Duration = .seconds(180)) {
        self.driver = driver
        self.deadline = deadline
    }

    /// Seals a machine.
    /// - Parameters:
    ///   - instance: The running machine.
    ///   - script: What to run on it.
    ///   - task: The task whose notes tell how far it is.
    ///   - start: Runs a script as root on the guest, and throws when it failed there. It may return or throw at any
    ///     time after the script was started, as its connection ends in the course of the seal: an error that means "the
    ///     connection is gone" must not be thrown.
    /// - Throws: ``CaptureError`` when the script failed or the machine did not stop by itself.
    public func seal(
        _ instance: Instance, with script: SealScript, task: TaskID, events: @escaping EventHandler,
        start: (String) async throws -> Void
    ) async throws {
        do {
            try await start(script.launcher)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw CaptureError(.sealFailed, "The seal could not be started on the machine.", cause: error)
        }
        events(.taskNote(task, "waiting for the machine to power off"))
        try await waitUntilStopped(instance, script: script)
        try await checkConsole(of: instance, script: script)
    }

    private func waitUntilStopped(_ instance: Instance, script: SealScript) async throws {
        let end = ContinuousClock.now + deadline
        while true {
            switch try await driver.state(of: instance) {
            case .stopped: return
            case .failed(let reason):
                throw CaptureError(
                    .notStopped, "The machine ended during its seal: \(reason)", context: try await lines(of: instance))
            case .absent:
                throw CaptureError(.notStopped, "The machine disappeared during its seal.")
            case .starting, .running: break
            }
            guard ContinuousClock.now < end else {
                throw CaptureError(
                    .notStopped, "The machine did not power off within \(deadline.components.seconds) s of its seal.",
                    context: try await lines(of: instance))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func checkConsole(of instance: Instance, script: SealScript) async throws {
        let console: [String]
        do {
            console = try await lines(of: instance, last: 65536)
        } catch let error as CloudError where error.code == .unsupported {
            return  // A cloud without a console: the audit of the captured disk speaks.
        }
        if let line = console.last(where: { $0.contains(script.failurePrefix) }),
            let range = line.firstRange(of: script.failurePrefix)
        {
            throw CaptureError(
                .sealFailed, "The seal failed on the machine at: \(line[range.upperBound...]).",
                context: console.suffix(20))
        }
        guard console.contains(where: { $0.contains(script.successLine) }) else {
            throw CaptureError(
                .sealFailed, "The machine powered off without having finished its seal.", context: console.suffix(20))
        }
    }

    private func lines(of instance: Instance, last bytes: Int = 4096) async throws -> [String] {
        let bytes = try await driver.console(of: instance, last: bytes)
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
}
