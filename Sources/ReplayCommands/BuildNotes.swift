import Clouds
import Store
import Synchronization

/// What a build notes about itself while it runs, for a process that may have to go on with it.
final class BuildNotes: Sendable {
    private struct State {
        var resumption: Resumption
        var build: BuildID?
    }

    private let state: Mutex<State>

    /// The notes of a build that begins, or that is gone on with.
    init(_ resumption: Resumption) { state = Mutex(State(resumption: resumption)) }

    /// All that is noted.
    var current: Resumption { state.withLock { $0.resumption } }
    /// The build that last had something noted; nil before it had a machine.
    var build: BuildID? { state.withLock { $0.build } }

    /// Notes the base image; it is written with the machine.
    var base: CloudImage? {
        get { current.base }
        set { state.withLock { $0.resumption.base = newValue } }
    }

    /// Notes something, and writes all of it before this returns.
    func change(for build: RunningBuild, _ body: (inout Resumption) -> Void) throws {
        let resumption = state.withLock { state in
            state.build = build.id
            body(&state.resumption)
            return state.resumption
        }
        try resumption.write(for: build)
    }

    /// The name on the guest of a step of our own: another one for each process, since a name is run once.
    func stepName(_ name: String) -> String {
        let takeovers = current.takeovers
        return takeovers == 0 ? name : "\(name).\(takeovers)"
    }
}
