import Clouds
import Store

/// Gets rid of what a build made, in the order of the ledger.
struct CleanUp {
    /// The ledger to read and to write.
    var ledger: Ledger
    /// Finds the driver that can destroy a resource.
    var driver: @Sendable (String) throws -> any CloudDriver

    /// Destroys what the ledger lists for a build.
    /// - Returns: What could not be destroyed, a sentence each. Those entries stay in the ledger, for `replay gc`.
    func undo(_ build: BuildID) async -> [String] {
        do {
            return await undo(try await ledger.entries(of: build))
        } catch {
            return ["The ledger of build \(build) cannot be read: \(error)"]
        }
    }

    /// Destroys what these entries name, newest first.
    func undo(_ entries: [LedgerEntry]) async -> [String] {
        var failures: [String] = []
        for entry in entries {
            do {
                try await driver(entry.resource.cloud).destroy(entry.resource)
                try await ledger.gone(entry.id)
            } catch {
                failures.append(
                    "\(entry.resource.kind.rawValue) '\(entry.resource.token)' could not be removed: \(error)")
            }
        }
        return failures
    }
}

/// Runs the body to its end even when the surrounding task is cancelled: undoing must not be undone.
func uncancelled<Result: Sendable>(_ body: sending @escaping () async -> Result) async -> Result {
    await Task { await body() }.value
}
