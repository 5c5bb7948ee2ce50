import Glibc
import SSHTransport

/// The thread of a ``FaultProxy``: one poll loop over all its connections.
struct FaultProxyLoop: Sendable {
    /// What the proxy wants now; asked for before each wait.
    struct Orders {
        var faults: FaultProxy.Faults
        var target: Int
        var cuts: Bool
        var takeCut: () -> FaultProxy.Cut?
        var count: (_ accepted: Int, _ toServer: Int, _ toClient: Int) -> Void
    }

    private let listener: LoopbackListener
    private let wakeup: Wakeup
    private let orders: @Sendable () -> Orders?

    init(_ listener: LoopbackListener, _ wakeup: Wakeup, orders: @escaping @Sendable () -> Orders?) {
        self.listener = listener
        self.wakeup = wakeup
        self.orders = orders
    }

    func run() {
        var links: [Link] = []
        while let orders = orders() {
            if orders.cuts {
                for link in links { link.end(resets: orders.faults.resets) }
                links = []
            }
            for link in links { link.move(orders) }
            links.removeAll(where: \.isOver)

            var entries = [PollEntry(wakeup.descriptor), PollEntry(listener.rawValue)]
            for link in links { entries += link.entries }
            let due = links.compactMap(\.due).min()
            guard (try? waitForReadiness(&entries, until: due)) != nil else { return }
            if entries[0].isReadable { wakeup.clear() }
            for (index, link) in links.enumerated() {
                link.receive(orders, client: entries[2 + 2 * index], server: entries[3 + 2 * index])
            }
            while let client = listener.accept() {
                orders.count(1, 0, 0)
                if let link = Link(client, orders) { links.append(link) }
            }
        }
    }
}

/// One connection through the proxy.
private final class Link {
    private let client: Peer
    private let server: Peer?
    private let cut: FaultProxy.Cut?
    private var toServer = Flow()
    private var toClient = Flow()
    private(set) var isOver = false

    init?(_ number: CInt, _ orders: FaultProxyLoop.Orders) {
        Loopback.setNoDelay(number)
        Loopback.setResetsOnClose(orders.faults.hangsUp && orders.faults.resets, number)
        let client = Peer(number)
        if orders.faults.hangsUp { return nil }
        if orders.faults.isSilent {
            server = nil
        } else {
            guard let number = Loopback.connect(port: orders.target) else { return nil }
            Loopback.setNoDelay(number)
            server = Peer(number)
        }
        self.client = client
        cut = orders.takeCut()
    }

    /// When a byte that waits may pass.
    var due: ContinuousClock.Instant? { [toServer.due, toClient.due].compactMap(\.self).min() }

    /// The client's and the server's socket.
    var entries: [PollEntry] {
        let server = server?.socket.rawValue ?? -1
        return [
            PollEntry(client.socket.rawValue, reading: toServer.wantsMore, writing: toClient.isBlocked),
            PollEntry(server, reading: toClient.wantsMore, writing: toServer.isBlocked),
        ]
    }

    /// Takes in what has arrived.
    func receive(_ orders: FaultProxyLoop.Orders, client clientEntry: PollEntry, server serverEntry: PollEntry) {
        if clientEntry.isReadable { toServer.take(from: client.socket, orders.faults.toServer) }
        if serverEntry.isReadable, let server { toClient.take(from: server.socket, orders.faults.toClient) }
        if clientEntry.isWritable { toClient.isBlocked = false }
        if serverEntry.isWritable { toServer.isBlocked = false }
    }

    /// Hands on what is due.
    func move(_ orders: FaultProxyLoop.Orders) {
        guard let server else { return }
        var (ahead, behind) = (orders.faults.toServer, orders.faults.toClient)
        switch cut {
        case .toServer(let count): ahead.cutAfter = count
        case .toClient(let count): behind.cutAfter = count
        case nil: break
        }
        let forth = toServer.give(to: server.socket, ahead)
        let back = toClient.give(to: client.socket, behind)
        orders.count(0, forth, back)
        if toServer.isCut || toClient.isCut || toServer.isBroken || toClient.isBroken {
            end(resets: orders.faults.resets)
        } else if toServer.isFinished && toClient.isFinished {
            isOver = true
        }
    }

    func end(resets: Bool) {
        Loopback.setResetsOnClose(resets, client.socket.rawValue)
        if let server { Loopback.setResetsOnClose(resets, server.socket.rawValue) }
        if !resets { client.socket.shutdown() }
        isOver = true
    }
}

/// One side's socket; a class, as an optional noncopyable value cannot be borrowed from one.
private final class Peer {
    let socket: SocketDescriptor

    init(_ number: CInt) { socket = SocketDescriptor(adopting: number) }
}

/// The bytes of one direction that are under way.
private struct Flow {
    private var queue: [(due: ContinuousClock.Instant, bytes: ArraySlice<UInt8>)] = []
    private var queued = 0
    private var taken = 0
    private var passed = 0
    private var hasEnded = false
    private var nextSlot = ContinuousClock.now
    /// The receiving socket is full.
    var isBlocked = false
    private(set) var isCut = false
    private(set) var isBroken = false
    private(set) var isFinished = false

    var wantsMore: Bool { !hasEnded && queued < 4 << 20 }

    var due: ContinuousClock.Instant? {
        guard let first = queue.first, !isBlocked else { return nil }
        return max(first.due, nextSlot)
    }

    mutating func take(from socket: borrowing SocketDescriptor, _ faults: FaultProxy.Direction) {
        do {
            switch try socket.receive(upTo: 64 << 10) {
            case .wouldBlock: break
            case .end: hasEnded = true
            case .bytes(var bytes):
                if let offset = faults.corruptAt, taken <= offset, offset < taken + bytes.count {
                    bytes[offset - taken] ^= 0xFF
                }
                taken += bytes.count
                guard !faults.isBlackHole else { return }
                queue.append((.now + faults.delay, bytes[...]))
                queued += bytes.count
            }
        } catch {
            isBroken = !faults.isBlackHole
            hasEnded = true
        }
    }

    mutating func give(to socket: borrowing SocketDescriptor, _ faults: FaultProxy.Direction) -> Int {
        guard !faults.isBlackHole else { return 0 }
        var total = 0
        while let due, due <= .now, let first = queue.first {
            var count = min(first.bytes.count, faults.sliceSize ?? .max)
            if let limit = faults.bytesPerSecond { count = min(count, max(limit / 50, 1)) }
            if let limit = faults.cutAfter { count = min(count, limit - passed) }
            guard let sent = try? socket.send(first.bytes.prefix(count)) else {
                isBroken = true
                return total
            }
            total += sent
            passed += sent
            queued -= sent
            if sent == first.bytes.count { queue.removeFirst() } else { queue[0].bytes = first.bytes.dropFirst(sent) }
            if let limit = faults.bytesPerSecond { nextSlot = .now + .seconds(1) * sent / limit }
            if let limit = faults.cutAfter, passed >= limit {
                isCut = true
                return total
            }
            if sent < count {
                isBlocked = true
                break
            }
        }
        if hasEnded && queue.isEmpty && !isFinished {
            socket.finishSending()
            isFinished = true
        }
        return total
    }
}
