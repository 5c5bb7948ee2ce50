import Glibc
import SystemPackage

/// Names one process for good: its number may be given to another one later, but not with the same start time.
public struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    /// The process's number.
    public var identifier: Int32
    /// When it started, in clock ticks since the machine's boot: field 22 of `/proc/PID/stat` (proc(5)).
    public var startTime: UInt64

    /// Makes an identity.
    public init(identifier: Int32, startTime: UInt64) {
        self.identifier = identifier
        self.startTime = startTime
    }

    /// The process that has this number now; nil when there is none.
    public init?(of identifier: Int32) {
        guard let fields = ProcessIdentity.status(of: identifier), fields.count > 19, let start = UInt64(fields[19])
        else { return nil }
        self.init(identifier: identifier, startTime: start)
    }

    /// The fields of `/proc/PID/stat` from the third, the state, on.
    private static func status(of identifier: Int32) -> [String]? {
        guard
            let file = try? FileDescriptor.open(
                FilePath("/proc/\(identifier)/stat"), .readOnly, options: [.closeOnExec])
        else { return nil }
        defer { try? file.close() }
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard let count = try? unsafe bytes.withUnsafeMutableBytes({ unsafe try file.read(into: $0) }) else {
            return nil
        }
        // The second field is the program's name in brackets, and may itself hold spaces and brackets.
        guard let bracket = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return bytes[(bracket + 1)..<count].split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Reads `PID:STARTTIME`; nil when the text is not that.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let identifier = Int32(parts[0]), identifier > 0, let start = UInt64(parts[1]) else {
            return nil
        }
        self.init(identifier: identifier, startTime: start)
    }

    /// This process.
    public static var current: ProcessIdentity? { ProcessIdentity(of: getpid()) }

    /// Whether the process still exists. A zombie does until it is waited for.
    public var isAlive: Bool { ProcessIdentity(of: identifier) == self }

    /// Whether the process still exists and is more than a zombie.
    public var isRunning: Bool {
        guard let fields = ProcessIdentity.status(of: identifier), fields.count > 19 else { return false }
        return UInt64(fields[19]) == startTime && !["Z", "X"].contains(fields[0])
    }

    /// `PID:STARTTIME`, as the ledger has it.
    public var description: String { "\(identifier):\(startTime)" }
}
