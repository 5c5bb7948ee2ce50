internal import Subprocess
internal import SystemCalls
internal import SystemPackage

/// A program of this machine, run to its end.
enum LocalTool {
    struct Answer: Sendable {
        var output: [UInt8]
        var error: String
        /// Its exit status; nil after a signal.
        var status: Int32?
    }

    /// Runs a program in a directory; the input is its standard input. Cancelling the task ends it.
    static func run(
        _ program: FilePath, _ arguments: [String], input: String, directory: FilePath
    ) async throws -> Answer {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]),
            workingDirectory: directory, platformOptions: options,
            input: .string(input), output: .sequence, error: .string(limit: 1 << 16)
        ) { execution in
            var collected: [UInt8] = []
            for try await buffer in execution.standardOutput { collected += buffer.bytes.copied }
            return collected
        }
        try Task.checkCancellation()
        var status: Int32?
        if case .exited(let code) = result.terminationStatus { status = Int32(code) }
        return Answer(output: result.closureResult, error: result.standardError, status: status)
    }
}
