import Synchronization
import SystemPackage

/// The full log of a build on this machine: a heading for each step, and what it wrote, byte for byte.
final class BuildLog: Sendable {
    private struct State {
        var descriptor: FileDescriptor?
        var failure: Errno?
        var endsWithNewline = true
    }

    /// The log's path.
    let path: FilePath
    private let state: Mutex<State>

    /// Opens the log for appending; it is made for its owner only.
    init(_ path: FilePath) throws {
        self.path = path
        do {
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
            state = Mutex(State(descriptor: descriptor))
        } catch {
            throw ReplayError(.logUnwritable, "The build's log \(path) cannot be written.", cause: error)
        }
    }

    deinit {
        if let descriptor = state.withLock({ $0.descriptor }) { try? descriptor.close() }
    }

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
            } catch {
                state.failure = error as? Errno ?? .ioError
            }
            if let last = bytes.last { state.endsWithNewline = last == UInt8(ascii: "\n") }
        }
    }

    /// Throws when something could not be written.
    func check() throws {
        if let failure = state.withLock({ $0.failure }) {
            throw ReplayError(.logUnwritable, "The build's log \(path) could not be written.", cause: failure)
        }
    }
}
