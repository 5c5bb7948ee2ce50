internal import Subprocess

/// Runs a program of this machine and reads its two streams, as one, line by line.
enum LineRunner {
    /// How a program ended, and its last lines.
    struct Result {
        var succeeded: Bool
        var lines: [String]
    }

    /// Runs a program to its end. Cancelling the task ends it: its input closes, it gets SIGTERM, then SIGKILL.
    /// - Throws: What starting it throws, and `CancellationError`.
    static func run(_ command: [String], onLine: @Sendable (String) -> Void) async throws -> Result {
        var options = PlatformOptions()
        // A session of its own: Ctrl-C at the terminal is for `replay` to handle.
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(3))]
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
            environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options, input: .inputWriter,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            let lines = await lastLines(of: execution.standardOutput, onLine: onLine)
            // The end of its input tells a recipe that its caller is gone.
            try? await execution.standardInputWriter.finish()
            return lines
        }
        try Task.checkCancellation()
        return Result(succeeded: result.terminationStatus.isSuccess, lines: try result.closureResult.get())
    }

    /// Reads to the end. A function of its own, which throws nothing: swiftc 6.3.1 crashes when it optimises a throwing loop
    /// within the closure above.
    @inline(never)
    private static func lastLines(
        of output: SubprocessOutputSequence, onLine: @Sendable (String) -> Void
    ) async -> Swift.Result<[String], any Error> {
        var last: [String] = []
        do {
            for try await line in output.strings() {
                onLine(line)
                last.append(line)
                if last.count > 400 { last.removeFirst(200) }
            }
            return .success(last)
        } catch {
            return .failure(error)
        }
    }
}
