import Synchronization

/// The end and the whole output of a command, as ``RemoteHost/capture(_:input:)`` returns it.
public struct CapturedOutput: Sendable, Hashable {
    /// How the command ended.
    public var status: ExitStatus
    /// What it wrote to standard output.
    public var standardOutput: [UInt8]
    /// What it wrote to standard error.
    public var standardError: [UInt8]

    /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: standardOutput, as: UTF8.self) }
    /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
    public var errorText: String { String(decoding: standardError, as: UTF8.self) }

    /// Makes a value.
    public init(status: ExitStatus, standardOutput: [UInt8], standardError: [UInt8]) {
        self.status = status
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}

final class OutputCollector: Sendable {
    private let streams = Mutex<(output: [UInt8], error: [UInt8])>(([], []))

    func append(_ bytes: [UInt8], to stream: RemoteStream) {
        streams.withLock { streams in
            switch stream {
            case .standardOutput: streams.output += bytes
            case .standardError: streams.error += bytes
            }
        }
    }

    func finish(_ status: ExitStatus) -> CapturedOutput {
        streams.withLock {
            CapturedOutput(status: status, standardOutput: $0.output, standardError: $0.error)
        }
    }
}
