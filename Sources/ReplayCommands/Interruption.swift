import SystemCalls

/// Runs the body so that Ctrl-C, SIGTERM and a closed terminal cancel it.
///
/// The first signal cancels; the body's own clean-up goes on and its end is awaited. Further signals change nothing:
/// a machine that is left behind is worse than a few seconds of waiting, and `replay gc` would have to find it.
func cancelledByInterrupts<Result: Sendable>(
    _ body: sending @escaping () async throws -> Result
) async throws -> Result {
    let task = Task { try await body() }
    let watcher = SignalWatcher(SignalWatcher.endingSignals) { _ in task.cancel() }
    defer { withExtendedLifetime(watcher) {} }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        task.cancel()
    }
}
