import Synchronization

/// A value that a test and its callbacks share.
public final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    /// Makes a box with this value.
    public init(_ value: Value) { mutex = Mutex(value) }

    /// The value now.
    public var value: Value { mutex.withLock { $0 } }

    /// Reads or changes the value while nobody else does.
    public func withLock<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try mutex.withLock { value in try body(&value) }
    }
}
