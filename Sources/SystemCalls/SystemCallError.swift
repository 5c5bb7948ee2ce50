public import SystemPackage

/// A system call failed.
public struct SystemCallError: Error, CustomStringConvertible {
    /// The system's error number: the kind of failure.
    public var code: Errno
    /// What was tried, as half a sentence: `lock '/home/me/x.lock'`.
    public var action: String

    /// Makes an error.
    public init(_ code: Errno, _ action: String) {
        self.code = code
        self.action = action
    }

    /// `Cannot lock '/home/me/x.lock': Permission denied.`
    public var description: String { "Cannot \(action): \(code)." }
}
