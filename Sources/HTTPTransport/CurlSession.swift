internal import CCurl
internal import Synchronization
internal import SystemPackage

/// One reused easy handle in a multi handle of its own: the multi interface can be woken from another thread.
///
/// Contract of libcurl (libcurl-thread(3)): a handle serves one thread at a time; ``HTTPClient``'s queue is that one.
/// `curl_multi_wakeup` alone may be called from any.
@safe final class CurlSession {
    let waker: TransferWaker
    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let limits: HTTPLimits
    private let trust: HTTPTrust

    private static let initialized: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(limits: HTTPLimits, trust: HTTPTrust) throws {
        guard Self.initialized, let multi = unsafe curl_multi_init() else {
            throw HTTPError(.library, "libcurl cannot be initialised.")
        }
        guard let easy = unsafe curl_easy_init() else {
            unsafe curl_multi_cleanup(multi)
            throw HTTPError(.library, "libcurl cannot be initialised.")
        }
        unsafe self.easy = easy
        unsafe self.multi = multi
        unsafe waker = TransferWaker(multi)
        self.limits = limits
        self.trust = trust
    }

    deinit {
        waker.detach()
        unsafe curl_multi_cleanup(multi)
        unsafe curl_easy_cleanup(easy)
        unsafe errorText.deallocate()
    }

    /// Runs one request to its end on the calling thread.
    /// - Parameter takesErrors: Whether an error's body goes into the sink too, and is none to be thrown.
    func perform(
        _ request: HTTPRequest, headers: [HTTPHeader], into sink: any BodySink, takesErrors: Bool = false,
        cancellation: TransferCancellation
    ) throws -> ResponseHead {
        let transfer = Transfer(sink: sink, takesErrors: takesErrors)
        let list = unsafe try Self.list(headers)
        defer { unsafe curl_slist_free_all(list) }
        unsafe try configure(request, transfer, list)

        unsafe curl_multi_add_handle(multi, easy)
        defer { unsafe curl_multi_remove_handle(multi, easy) }
        var running: CInt = 1
        while true {
            if cancellation.isCancelled { throw CancellationError() }
            let status = unsafe curl_multi_perform(multi, &running)
            guard status == CURLM_OK else { throw HTTPError(.library, "libcurl failed (code \(status.rawValue)).") }
            if running == 0 { break }
            var ready: CInt = 0
            unsafe curl_multi_poll(multi, nil, 0, 1000, &ready)
        }
        if let failure = transfer.failure { throw Self.complete(failure, request) }
        try check(outcome(), transfer, request)
        // A body of no bytes calls no callback that would begin it.
        do { try transfer.beginIfNeeded() } catch { throw Self.complete(error, request) }
        return transfer.head
    }

    private func configure(
        _ request: HTTPRequest, _ transfer: Transfer, _ list: UnsafeMutablePointer<curl_slist>?
    ) throws {
        let url = request.url.lowercased()
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.utf8.contains(0) else {
            throw HTTPError(.invalidURL, "“\(request.displayURL)” is no http or https URL.")
        }
        unsafe curl_easy_reset(easy)
        unsafe errorText.pointee = 0
        var results = [
            unsafe replay_curl_set_string(easy, CURLOPT_URL, request.url),
            // A redirect never leads from a verified server to an unverified one.
            unsafe replay_curl_allow(easy, url.hasPrefix("http://") ? 1 : 0),
            unsafe replay_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_MAXREDIRS, limits.redirects),
            unsafe replay_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect)),
            unsafe replay_curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, milliseconds(limits.stall) / 1000)),
            // Timeouts without signals: other threads live in this process.
            unsafe replay_curl_set_long(easy, CURLOPT_NOSIGNAL, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1),
            // One request at a time gains nothing from HTTP/2.
            unsafe replay_curl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
            unsafe replay_curl_set_long(easy, CURLOPT_BUFFERSIZE, 256 * 1024),
            unsafe replay_curl_set_string(easy, CURLOPT_USERAGENT, "replay"),
            unsafe replay_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText),
            unsafe replay_curl_set_list(easy, CURLOPT_HTTPHEADER, list),
        ]
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        results += [
            unsafe replay_curl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            unsafe replay_curl_set_callback(easy, CURLOPT_WRITEFUNCTION, receiveBody),
            unsafe replay_curl_set_pointer(easy, CURLOPT_HEADERDATA, context),
            unsafe replay_curl_set_callback(easy, CURLOPT_HEADERFUNCTION, receiveHeader),
        ]
        switch trust {
        case .system: break
        case .authorities(let file): results.append(unsafe replay_curl_set_string(easy, CURLOPT_CAINFO, file.string))
        case .pinned(let digest):
            results += unsafe Self.withoutVerification(easy)
            results.append(unsafe replay_curl_set_string(easy, CURLOPT_PINNEDPUBLICKEY, "sha256//\(digest)"))
        }
        if let body = request.body { results += post(body) }
        guard results.allSatisfy({ $0 == CURLE_OK }) else {
            throw HTTPError(.library, "libcurl does not know an option that is needed: it is too old.")
        }
    }

    /// libcurl copies the bytes.
    private func post(_ bytes: [UInt8]) -> [CURLcode] {
        let method = unsafe replay_curl_set_long(easy, CURLOPT_POST, 1)
        let size = unsafe replay_curl_set_long(easy, CURLOPT_POSTFIELDSIZE, bytes.count)
        let copied = unsafe bytes.withUnsafeBytes { buffer in
            unsafe replay_curl_set_pointer(
                easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: buffer.baseAddress))
        }
        return [method, size, copied]
    }

    /// Neither chain nor name are looked at: only for a key that is pinned, or a certificate that is only looked at.
    private static func withoutVerification(_ easy: UnsafeMutableRawPointer) -> [CURLcode] {
        [
            unsafe replay_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0),
            unsafe replay_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0),
        ]
    }

    /// Connects, and answers the first certificate that the server shows, as PEM. CURLOPT_CERTINFO(3).
    static func certificate(of url: String, limits: HTTPLimits) throws -> String {
        let shown = HTTPRequest(url).displayURL
        guard initialized, let easy = unsafe curl_easy_init() else {
            throw HTTPError(.library, "libcurl cannot be initialised.")
        }
        defer { unsafe curl_easy_cleanup(easy) }
        var results = [
            unsafe replay_curl_set_string(easy, CURLOPT_URL, url), unsafe replay_curl_allow(easy, 0),
            unsafe replay_curl_set_long(easy, CURLOPT_CONNECT_ONLY, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_CERTINFO, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_NOSIGNAL, 1),
            unsafe replay_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(limits.connect)),
        ]
        results += unsafe withoutVerification(easy)
        guard results.allSatisfy({ $0 == CURLE_OK }) else {
            throw HTTPError(.library, "libcurl does not know an option that is needed: it is too old.")
        }
        let status = unsafe curl_easy_perform(easy)
        guard status == CURLE_OK else {
            let reason = unsafe String(cString: curl_easy_strerror(status))
            throw HTTPError(kind(of: status, begun: false), "\(shown): \(reason).")
        }
        var list: UnsafeMutablePointer<curl_certinfo>?
        guard unsafe replay_curl_get_certificates(easy, &list) == CURLE_OK, let found = unsafe list?.pointee,
            unsafe found.num_of_certs > 0
        else { throw HTTPError(.malformed, "\(shown) showed no certificate.") }
        var entry = unsafe found.certinfo[0]
        while let item = unsafe entry?.pointee {
            let text = unsafe String(cString: item.data)
            if text.hasPrefix("Cert:") { return String(text.dropFirst(5)) }
            unsafe entry = item.next
        }
        throw HTTPError(.malformed, "\(shown) showed no certificate.")
    }

    private func outcome() -> CURLcode {
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            if unsafe message.pointee.msg == CURLMSG_DONE { return unsafe message.pointee.data.result }
        }
        return CURLE_RECV_ERROR
    }

    private func check(_ code: CURLcode, _ transfer: Transfer, _ request: HTTPRequest) throws {
        let url = request.displayURL
        if code == CURLE_OK {
            guard transfer.head.status >= 400, !transfer.takesErrors else { return }
            let said = String(decoding: transfer.errorBody, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(5)
            throw HTTPError(
                .status, "\(url) answered with status \(transfer.head.status).", context: said.map(String.init),
                status: transfer.head.status, headers: transfer.head.headers)
        }
        var reason = unsafe String(cString: errorText)
        if reason.isEmpty { reason = unsafe String(cString: curl_easy_strerror(code)) }
        throw HTTPError(Self.kind(of: code, begun: transfer.head.status != 0), "\(url): \(reason).")
    }

    private static func kind(of code: CURLcode, begun: Bool) -> HTTPError.Code {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: begun ? .redirect : .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: .unreachable
        // One code for "no connection in time" and "too slow for too long"; only the second has a response.
        case CURLE_OPERATION_TIMEDOUT: begun ? .timedOut : .unreachable
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .insecure
        case CURLE_TOO_MANY_REDIRECTS: .redirect
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM: .truncated
        case CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING: .malformed
        default: .library
        }
    }

    /// A sink does not know what it takes: its message gets the URL as its subject.
    private static func complete(_ error: any Error, _ request: HTTPRequest) -> any Error {
        guard var error = error as? HTTPError else { return error }
        error.message = "\(request.displayURL) \(error.message)"
        return error
    }

    private static func list(_ headers: [HTTPHeader]) throws -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for header in headers {
            guard !(header.name + header.value).unicodeScalars.contains(where: { $0.value < 32 }) else {
                unsafe curl_slist_free_all(list)
                throw HTTPError(.malformed, "The header field \(header.name) holds a control character.")
            }
            guard let longer = unsafe curl_slist_append(list, "\(header.name): \(header.value)") else {
                unsafe curl_slist_free_all(list)
                throw HTTPError(.library, "libcurl has no memory for a header field.")
            }
            unsafe list = longer
        }
        return unsafe list
    }
}

private func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
}

/// Ends one transfer from another thread.
final class TransferCancellation: Sendable {
    private let flag = Atomic(false)
    private let waker: TransferWaker

    init(waking waker: TransferWaker) { self.waker = waker }

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    func cancel() {
        flag.store(true, ordering: .releasing)
        waker.wake()
    }
}

/// Wakes whatever transfer waits for the network, from another thread.
final class TransferWaker: Sendable {
    @safe private struct MultiHandle: @unchecked Sendable {
        // `@unchecked`: it is only used under the lock, for the one call that may come from any thread.
        let pointer: UnsafeMutableRawPointer
    }

    private let multi: Mutex<MultiHandle?>

    init(_ multi: UnsafeMutableRawPointer) { unsafe self.multi = Mutex(MultiHandle(pointer: multi)) }

    func wake() {
        multi.withLock { multi in
            if let multi { unsafe _ = curl_multi_wakeup(multi.pointer) }
        }
    }

    func detach() { multi.withLock { $0 = nil } }
}
