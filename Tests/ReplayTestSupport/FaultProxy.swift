import Foundation
public import SSHTransport
import Synchronization

/// A TCP proxy on 127.0.0.1 that does to connections what networks do. It works on a thread of its own.
///
/// Faults can be changed while connections exist; they apply to what arrives from then on.
public final class FaultProxy: Sendable {
    /// What happens to the bytes of one direction.
    public struct Direction: Sendable {
        /// How late each byte arrives.
        public var delay: Duration = .zero
        /// How many bytes pass in a second; nil for no limit.
        public var bytesPerSecond: Int?
        /// How large a piece is sent at once; nil for no limit.
        public var sliceSize: Int?
        /// Both directions end when this many bytes of a connection have passed.
        public var cutAfter: Int?
        /// The byte at this offset of a connection is inverted.
        public var corruptAt: Int?
        /// Bytes vanish, and the end of the connection too.
        public var isBlackHole = false

        /// No fault.
        public init() {}
    }

    /// Where one connection ends.
    public enum Cut: Sendable, Hashable {
        /// After this many bytes from the client.
        case toServer(Int)
        /// After this many bytes from the server.
        case toClient(Int)
    }

    /// What happens to connections.
    public struct Faults: Sendable {
        /// From the client to the server.
        public var toServer = Direction()
        /// From the server to the client.
        public var toClient = Direction()
        /// Connections that are cut end with a reset, not in order.
        public var resets = false
        /// Each new connection takes the first of these, and ends there, until none is left.
        public var cuts: [Cut] = []
        /// New connections are accepted and ended at once.
        public var hangsUp = false
        /// New connections are accepted, and nothing else.
        public var isSilent = false

        /// No fault.
        public init() {}
    }

    private struct State {
        var faults: Faults
        var target: Int
        var isStopped = false
        var cuts = false
        var connectionCount = 0
        var bytesToServer = 0
        var bytesToClient = 0
    }

    /// Where clients connect to.
    public let endpoint: SSHEndpoint
    private let listener: LoopbackListener
    private let wakeup: Wakeup
    private let state: Mutex<State>

    /// Starts a proxy to a port of 127.0.0.1.
    public init(to target: SSHEndpoint, faults: Faults = Faults()) throws {
        listener = try LoopbackListener()
        wakeup = try Wakeup()
        state = Mutex(State(faults: faults, target: target.port))
        endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
        let loop = FaultProxyLoop(listener, wakeup) { [weak self] in self?.takeOrders() }
        Thread.detachNewThread { loop.run() }
    }

    deinit { wakeup.signal() }

    /// The faults.
    public var faults: Faults {
        get { state.withLock { $0.faults } }
        set { change { $0.faults = newValue } }
    }

    /// Changes the faults.
    public func setFaults(_ body: (inout Faults) -> Void) {
        change { body(&$0.faults) }
    }

    /// How many connections were accepted.
    public var connectionCount: Int { state.withLock { $0.connectionCount } }
    /// How many bytes were handed to the server.
    public var bytesToServer: Int { state.withLock { $0.bytesToServer } }
    /// How many bytes were handed to the client.
    public var bytesToClient: Int { state.withLock { $0.bytesToClient } }

    /// Sends new connections to another port.
    public func retarget(to target: SSHEndpoint) { change { $0.target = target.port } }

    /// Ends all connections that exist.
    public func cut() { change { $0.cuts = true } }

    /// Ends all connections and refuses new ones.
    public func stop() { change { $0.isStopped = true } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        wakeup.signal()
    }

    private func takeOrders() -> FaultProxyLoop.Orders? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            defer { state.cuts = false }
            return FaultProxyLoop.Orders(
                faults: state.faults, target: state.target, cuts: state.cuts,
                takeCut: { [weak self] in self?.takeCut() },
                count: { [weak self] accepted, toServer, toClient in self?.count(accepted, toServer, toClient) })
        }
    }

    private func takeCut() -> Cut? {
        state.withLock { $0.faults.cuts.isEmpty ? nil : $0.faults.cuts.removeFirst() }
    }

    private func count(_ accepted: Int, _ toServer: Int, _ toClient: Int) {
        state.withLock { state in
            state.connectionCount += accepted
            state.bytesToServer += toServer
            state.bytesToClient += toClient
        }
    }
}
