/// One promise of a protocol, checked against any implementation: `@Test(arguments: Suite.all)`.
/// Failures are recorded as issues of the running test.
public struct ConformanceCheck<Subject>: Sendable, CustomStringConvertible {
    /// What is promised.
    public let description: String
    private let body: @Sendable (Subject) async throws -> Void

    /// Makes a check.
    public init(_ description: String, _ body: @escaping @Sendable (Subject) async throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Checks the promise.
    public func callAsFunction(_ subject: Subject) async throws { try await body(subject) }
}
