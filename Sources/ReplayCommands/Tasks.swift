import ReplayEvents

/// Runs the body as a task on the screen: announces it, and tells how it ended.
func task<Result>(
    _ id: TaskID, _ label: String, events: EventHandler, _ body: () async throws -> Result
) async throws -> Result {
    events(.taskStarted(id, label: label))
    do {
        let result = try await body()
        events(.taskFinished(id, .done))
        return result
    } catch is CancellationError {
        events(.taskFinished(id, .cancelled))
        throw CancellationError()
    } catch {
        events(.taskFinished(id, .failed("\(error)")))
        throw error
    }
}
