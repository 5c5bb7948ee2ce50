/// What libcurl's callbacks have gathered of one request.
final class Transfer {
    private(set) var head = ResponseHead()
    /// The beginning of what the server said about an error.
    private(set) var errorBody: [UInt8] = []
    /// Why the body was not taken; libcurl itself only knows that it was not.
    private(set) var failure: (any Error)?
    /// Whether the bodies of errors go into the sink as others do.
    let takesErrors: Bool
    private let sink: any BodySink
    private var begun = false

    init(sink: any BodySink, takesErrors: Bool) {
        self.sink = sink
        self.takesErrors = takesErrors
    }

    /// Tells the sink that a body comes, once; not for an error's.
    func beginIfNeeded() throws {
        guard !begun, head.status < 400 || takesErrors else { return }
        begun = true
        try sink.begin(head)
    }

    fileprivate func receive(header line: String) {
        if line.hasPrefix("HTTP/") {
            // The next response: after a redirect, or after `100 Continue`.
            head = ResponseHead()
            let words = line.split(separator: " ", maxSplits: 2)
            head.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers.append(HTTPHeader(String(line[..<colon]), String(value)))
        }
    }

    fileprivate func receive(body: UnsafeRawBufferPointer) -> Bool {
        do {
            if head.status >= 400, !takesErrors {
                unsafe errorBody.append(contentsOf: body.prefix(max(0, 2048 - errorBody.count)))
            } else {
                try beginIfNeeded()
                unsafe try sink.receive(body)
            }
            return true
        } catch {
            failure = error
            return false
        }
    }
}

/// `CURLOPT_WRITEFUNCTION`: answers how many bytes it took; any other number ends the transfer.
func receiveBody(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: size * count)
    return unsafe transfer.receive(body: bytes) ? size * count : 0
}

/// `CURLOPT_HEADERFUNCTION`: one line of a response's head.
func receiveHeader(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let line = unsafe String(
        decoding: UnsafeRawBufferPointer(start: buffer, count: size * count), as: UTF8.self)
    transfer.receive(header: String(line.prefix { !$0.isNewline }))
    return size * count
}
