import RemoteHosts
import Synchronization

/// Further connections that carry chunks of uploads beside the conversation's own.
///
/// sshd takes 2 MiB on a channel before it has to have acknowledged them (CHAN_SES_WINDOW_DEFAULT in its channels.h),
/// so one connection moves 2 MiB a round trip at most, whatever the line could do. Nothing depends on these: a server
/// that refuses further connections leaves an upload to the first one.
extension SupervisedGuest {
    /// How long a server is asked for a further connection, and an upload goes without.
    private static let laneTimeout = Duration.seconds(10)

    /// Opens further connections once an upload wants them, and serves them until the task is cancelled.
    func openLanes(beside conversation: GuestLink) async {
        guard (try? await conversation.lanesWanted.value()) != nil else { return }
        await withTaskGroup { group in
            for lane in 1...max(1, options.furtherConnections) where options.furtherConnections > 0 {
                guard state.withLock({ !$0.uploads.isEmpty && !$0.closing }),
                    let host = try? await connector.connect(until: .now + Self.laneTimeout)
                else { break }
                group.addTask { await self.serve(lane, over: host) }
            }
        }
    }

    private func serve(_ lane: Int, over host: any RemoteHost) async {
        let marker = Self.marker()
        let frames = OutgoingFrames(first: []) { [weak self] in self?.nextChunk(lane: lane) }
        let link = GuestLink(marker: marker, frames: frames)
        state.withLock { $0.lanes[lane] = link }
        await withTaskGroup { group in
            group.addTask {
                _ = try? await host.run(GuestProgram.lane(options: self.options, marker: marker), input: frames) {
                    stream, bytes in
                    guard stream == .standardError else { return }
                    for line in link.lines(bytes) { self.receive(line, onLane: link) }
                }
            }
            group.addTask { _ = await self.watch(host, link) }
            await group.next()
            group.cancelAll()
        }
        await host.close()
        let uploads = state.withLock { state in
            state.lanes[lane] = nil
            return state.uploads
        }
        for upload in uploads { upload.lost(lane: lane) }
        wake()
    }

    private func receive(_ line: String, onLane link: GuestLink) {
        if link.greeted {
            receiveOfUpload(line.split(separator: " ").map(String.init))
        } else {
            _ = link.greeting(line)
        }
        link.frames.wake()
    }

    /// The next chunk for a connection, nil when there is none or the guest has not answered on it yet.
    func nextChunk(lane: Int) -> [UInt8]? {
        let (uploads, link) = state.withLock { ($0.uploads, lane == 0 ? $0.link : $0.lanes[lane]) }
        guard let link, lane == 0 || link.greeted else { return nil }
        for upload in uploads {
            if lane == 0, upload.wantsFurtherConnections { link.lanesWanted.fulfil(()) }
            if let frame = upload.nextFrame(lane: lane) { return frame }
        }
        return nil
    }

    /// Says to all connections that an upload may have something to send.
    func wake() {
        let links = state.withLock { state in [state.link].compactMap(\.self) + state.lanes.values }
        for link in links { link.frames.wake() }
    }

    /// Takes an answer that is about an upload; false when it is about something else.
    @discardableResult
    func receiveOfUpload(_ fields: [String]) -> Bool {
        guard fields.count > 1 else { return false }
        let upload = state.withLock { $0.uploads.first { $0.name == fields[1] } }
        switch fields[0] {
        case "stored" where fields.count == 3: upload?.stored(Int64(fields[2]) ?? -1)
        case "have" where fields.count == 3: upload?.known(Int64(fields[2]) ?? 0)
        case "committed" where fields.count == 2: upload?.committed()
        case "committed" where fields.count == 3: upload?.committed(size: Int64(fields[2]))
        case "failed" where fields.count > 2:
            let name = fields[1].prefix { $0 != ":" }
            let words = fields.dropFirst(2).joined(separator: " ")
            upload?.completed.fail(GuestSupervisorError(.uploadFailed, "upload \(name) \(words)"))
        default: return false
        }
        return true
    }
}
