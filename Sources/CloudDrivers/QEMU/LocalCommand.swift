internal import Clouds
internal import Subprocess
internal import SystemCalls
internal import SystemPackage

/// A short-lived program of this machine, run to its end.
struct LocalCommand: Sendable {
    /// What it wrote and how it ended.
    struct Answer: Sendable {
        /// Its standard output.
        let output: String
        /// Its standard error.
        let error: String
        /// Its exit status; nil after a signal.
        let status: Int32?

        var succeeded: Bool { status == 0 }
        /// The last line of its complaints.
        var reason: String {
            error.split(separator: "\n").last.map(String.init)
                ?? (status.map { "it ended with status \($0)" } ?? "it was killed")
        }
        /// Whether it complained that a disk is full (strerror(3) of ENOSPC or EDQUOT).
        var isForLackOfSpace: Bool {
            error.contains("No space left on device") || error.contains("Disk quota exceeded")
        }
    }

    private let program: FilePath
    private let arguments: [String]

    init(_ program: FilePath, _ arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }

    /// Runs it. Cancelling the task ends the program.
    /// - Parameter onOutput: Called with each piece of standard output, which is not collected then.
    /// - Parameter started: Called with the process's number before anything is read from it.
    func run(
        started: (Int32) async throws -> Void = { _ in }, onOutput: ((String) -> Void)? = nil
    ) async throws -> Answer {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        // Messages are recognised by their text: they must not be translated.
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments),
            environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options,
            input: .none, output: .sequence, error: .string(limit: 1 << 16)
        ) { execution in
            try await started(execution.processIdentifier.value)
            var collected: [UInt8] = []
            for try await buffer in execution.standardOutput {
                let bytes = buffer.bytes.copied
                if let onOutput { onOutput(String(decoding: bytes, as: UTF8.self)) } else { collected += bytes }
            }
            return collected
        }
        try Task.checkCancellation()
        var status: Int32?
        if case .exited(let code) = result.terminationStatus { status = Int32(code) }
        return Answer(
            output: String(decoding: result.closureResult, as: UTF8.self), error: result.standardError, status: status)
    }
}
