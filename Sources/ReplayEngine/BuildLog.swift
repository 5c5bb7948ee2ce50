import Synchronization
import SystemCalls
import SystemPackage

/// The full log of a build on this machine: a heading for each step, and what it wrote, byte for byte.
final class BuildLog: Sendable {
    private struct State {
        var descriptor: FileDescriptor?
        var failure: (any Error)?
        var endsWithNewline = true
        var size: Int64 = 0
    }

    /// The log's path.
    let path: FilePath
    private let state: Mutex<State>

    /// Opens the log for appending; it is made for its owner only.
    /// - Parameter size: How much of it counts, nil for all: what comes after was written by a process that died before it
    ///   noted so, and comes again.
    init(_ path: FilePath, size: Int64? = nil) throws {
        self.path = path
        do {
            let descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
            var state = State(descriptor: descriptor)
            if let size { try descriptor.resize(to: size) }
            state.size = try descriptor.seek(offset: 0, from: .end)
            if state.size > 0 {
                try descriptor.seek(offset: state.size - 1, from: .start)
                state.endsWithNewline = try descriptor.piece(upTo: 1) == [UInt8(ascii: "\n")]
            }
            self.state = Mutex(state)
        } catch {
            throw ReplayError(.logUnwritable, "The build's log \(path) cannot be written.", cause: error)
        }
    }

    deinit {
        if let descriptor = state.withLock({ $0.descriptor }) { try? descriptor.close() }
    }

    /// How many bytes it has.
    var size: Int64 { state.withLock { $0.size } }

    /// Appends a line of our own, on a line of its own.
    func heading(_ text: String) {
        let newline = state.withLock { $0.endsWithNewline } ? "" : "\n"
        append(Array((newline + text + "\n").utf8))
    }

    /// Appends bytes. The first failure is kept, and ends the build after the step.
    func append(_ bytes: [UInt8]) {
        state.withLock { state in
            guard let descriptor = state.descriptor, state.failure == nil else { return }
            do {
                try descriptor.writeAll(bytes)
                state.size += Int64(bytes.count)
            } catch {
                state.failure = error
            }
            if let last = bytes.last { state.endsWithNewline = last == UInt8(ascii: "\n") }
        }
    }

    /// Keeps a failure to write what goes with the log.
    func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    /// Throws when something could not be written.
    func check() throws {
        if let failure = state.withLock({ $0.failure }) {
            throw ReplayError(.logUnwritable, "The build's log \(path) could not be written.", cause: failure)
        }
    }
}
