import Dispatch
import Glibc

/// An address to connect to, as the system's resolver gives it.
struct SocketAddress: Sendable {
    let family: CInt
    let bytes: [UInt8]

    /// Asks the system's resolver, on a thread of the system's choosing: it blocks for as long as it likes.
    /// A cancelled task stops waiting; the thread ends by itself.
    static func resolve(_ endpoint: SSHEndpoint) async throws -> [SocketAddress] {
        let answer = CancellableAnswer<[SocketAddress]>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard answer.await(continuation) else { return }
                DispatchQueue.global().async {
                    answer.resume(with: Swift.Result { try lookUp(endpoint) })
                }
            }
        } onCancel: {
            answer.resume(with: .failure(CancellationError()))
        }
    }

    private static func lookUp(_ endpoint: SSHEndpoint) throws -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = CInt(AI_NUMERICSERV)
        var list: UnsafeMutablePointer<addrinfo>? = nil
        let status = unsafe getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard status == 0 else {
            throw SSHError(
                .unreachable,
                "The name of \(endpoint) has no address: \(unsafe String(cString: gai_strerror(status)))")
        }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                let bytes = unsafe UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen))
                addresses.append(SocketAddress(family: unsafe entry.pointee.ai_family, bytes: unsafe Array(bytes)))
            }
            unsafe next = unsafe entry.pointee.ai_next
        }
        return addresses
    }
}
