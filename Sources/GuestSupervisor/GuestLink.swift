import RemoteHosts
import Synchronization

/// One connection's share of the conversation: what is sent, and how far the streams have been understood.
final class GuestLink: Sendable {
    struct Streams {
        /// Standard error: lines; before the greeting they are noise of the login shell, or why it did not work.
        var errorLine: [UInt8] = []
        var greeted = false
        var noise: [String] = []
        /// Standard output: the scanner, once the marker has been seen.
        var head: [UInt8] = []
        var scanner: LogScanner?
        /// What came before the journal was told to its end: without that it is not known whose output it is.
        var early: [UInt8]? = []
        var lastHeard = ContinuousClock.now
    }

    let marker: String
    let frames: OutgoingFrames
    /// Comes when an upload would be faster over further connections.
    let lanesWanted = Promise<Void>()
    let streams = Mutex(Streams())

    init(marker: String, frames: OutgoingFrames) {
        self.marker = marker
        self.frames = frames
    }

    /// Whether the guest has answered on this connection.
    var greeted: Bool { streams.withLock { $0.greeted } }
    /// What was said instead of a greeting.
    var noise: [String] {
        streams.withLock { $0.noise + ($0.errorLine.isEmpty ? [] : [String(decoding: $0.errorLine, as: UTF8.self)]) }
    }
    /// When the guest was heard last.
    var lastHeard: ContinuousClock.Instant { streams.withLock { $0.lastHeard } }

    /// The complete lines in these bytes of standard error.
    func lines(_ bytes: [UInt8]) -> [String] {
        streams.withLock { streams in
            streams.lastHeard = .now
            streams.errorLine += bytes
            var lines: [String] = []
            while let newline = streams.errorLine.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: streams.errorLine[..<newline], as: UTF8.self))
                streams.errorLine.removeFirst(newline + 1)
            }
            return lines
        }
    }

    /// Takes the greeting's fields, or keeps the line as noise.
    func greeting(_ line: String) -> [Substring]? {
        streams.withLock { streams in
            // Start-up files may have left a line without an end before it.
            guard let start = line.firstRange(of: "\(marker) hello ") else {
                if streams.noise.count < 20 { streams.noise.append(line) }
                return nil
            }
            streams.greeted = true
            return line[start.upperBound...].split(separator: " ")
        }
    }

    /// Keeps bytes of standard output that come too early; they may overtake what was written to standard error before them.
    /// - Returns: Whether they did.
    func keepEarly(_ bytes: [UInt8]) -> Bool {
        streams.withLock { streams in
            streams.lastHeard = .now
            guard streams.early != nil else { return false }
            streams.early?.append(contentsOf: bytes)
            return true
        }
    }

    /// The bytes that came too early; none does any more.
    func takeEarly() -> [UInt8] {
        streams.withLock { streams in
            defer { streams.early = nil }
            return streams.early ?? []
        }
    }

    /// Takes bytes of standard output: finds the marker first, then takes the log apart.
    /// - Returns: The position in the log after these bytes, nil before the marker.
    func scan(_ bytes: [UInt8], _ body: (LogScanner.Piece) -> Void) -> UInt64? {
        // The scanner is taken out, so that `body` runs without the lock; only the connection's queue comes here.
        var rest = bytes
        var taken = streams.withLock { streams -> LogScanner? in
            streams.lastHeard = .now
            defer { streams.scanner = nil }
            return streams.scanner
        }
        if taken == nil { (taken, rest) = findMarker(bytes) }
        guard var scanner = taken else { return nil }
        scanner.feed(rest, body)
        let position = scanner.position
        streams.withLock { [scanner] in $0.scanner = scanner }
        return position
    }

    private func findMarker(_ bytes: [UInt8]) -> (LogScanner?, [UInt8]) {
        streams.withLock { streams in
            streams.head += bytes
            while let newline = streams.head.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: streams.head[..<newline], as: UTF8.self)
                let rest = Array(streams.head[(newline + 1)...])
                streams.head = rest
                // What start-up files wrote without a newline stands before the marker on the same line.
                guard let start = line.firstRange(of: "\(marker) ") else { continue }
                let fields = line[start.upperBound...].split(separator: " ")
                guard fields.count == 2, let position = UInt64(fields[1]) else { continue }
                streams.head = []
                return (LogScanner(secret: String(fields[0]), position: position), rest)
            }
            return (nil, [])
        }
    }
}
