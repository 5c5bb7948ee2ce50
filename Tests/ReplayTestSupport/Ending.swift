/// Runs a body and then what ends the thing that it worked with, also when the body throws.
public func ending<Value>(_ end: () async -> Void, _ body: () async throws -> Value) async throws -> Value {
    do {
        let value = try await body()
        await end()
        return value
    } catch {
        await end()
        throw error
    }
}
