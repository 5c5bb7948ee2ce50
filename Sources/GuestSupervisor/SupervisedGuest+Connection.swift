import RemoteHosts
import Synchronization

extension SupervisedGuest {
    /// Keeps a connection open until the conversation ends.
    func serve() async {
        defer { closed.fulfil(()) }
        var limit = options.connectTimeout
        var deadline = ContinuousClock.now + limit
        while !Task.isCancelled {
            let host: any RemoteHost
            do {
                host = try await connector.connect(until: deadline)
            } catch {
                return fail(ready.isResolved ? connectionLost(error, limit, until: deadline) : error)
            }
            let link = open()
            let failure = await converse(on: host, link)
            await host.close()
            state.withLock { $0.link = nil }
            if Task.isCancelled || state.withLock({ $0.failure != nil }) { return }
            if state.withLock({ $0.closing }) {
                return removed.fail(failure ?? GuestSupervisorError(.closed, "the connection ended"))
            }
            if link.greeted {
                // A machine that restarts has the time of a boot.
                let restarts = state.withLock { $0.restarts }
                limit = restarts ? max(options.connectTimeout, options.reconnectTimeout) : options.reconnectTimeout
                deadline = .now + limit
                if !restarts { events(.linkLost) }
            } else if ContinuousClock.now > deadline || !ready.isResolved && failure is GuestSupervisorError {
                return fail(startFailed(link, failure))
            } else {
                try? await Task.sleep(for: options.retryPause)
            }
        }
    }

    private func connectionLost(
        _ error: any Error, _ limit: Duration, until deadline: ContinuousClock.Instant
    ) -> GuestSupervisorError {
        guard ContinuousClock.now >= deadline else {
            return GuestSupervisorError(
                .connectionLost, "the connection to the guest was lost and cannot be made again", cause: error)
        }
        return GuestSupervisorError(
            .connectionLost,
            "the connection to the guest was lost and did not come back within "
                + "\(StepEnd.text(Int(limit.components.seconds)))",
            cause: error)
    }

    private func startFailed(_ link: GuestLink, _ failure: (any Error)?) -> GuestSupervisorError {
        GuestSupervisorError(
            .startFailed,
            "the supervisor did not start on the guest; it needs /bin/sh, dd, mkfifo, room in "
                + "\(options.stateDirectory), and root or sudo without a password", context: link.noise, cause: failure)
    }

    /// Makes the next connection's side of the conversation: it repeats what the guest has not confirmed.
    private func open() -> GuestLink {
        let marker = Self.marker()
        let frames = OutgoingFrames(first: GuestProgram.firstBytes) { [weak self] in self?.nextChunk(lane: 0) }
        let link = GuestLink(marker: marker, frames: frames)
        for upload in state.withLock({ $0.uploads }) { upload.lost(lane: 0) }
        state.withLock { state in
            if let stop = state.stop { frames.send(Frame.bytes(stop)) }
            for id in state.order {
                if let frame = state.steps[id]?.frame { frames.send(frame) }
            }
            state.generation += 1
            state.journalLines = 0
            if state.closing { frames.send(Frame.bytes("remove")) }
            state.link = link
        }
        return link
    }

    /// Random text that begins what the guest's program says.
    static func marker() -> String {
        var random = SystemRandomNumberGenerator()
        return "replay-" + String(random.next(), radix: 16) + String(random.next(), radix: 16)
    }

    /// Runs the conversation on one connection to its end.
    private func converse(on host: any RemoteHost, _ link: GuestLink) async -> (any Error)? {
        let position = state.withLock { $0.position }
        let command = GuestProgram.command(options: options, marker: link.marker, offset: position)
        // Ended and awaited with this function, whatever becomes of the conversation.
        async let _: Void = openLanes(beside: link)
        return await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    let status = try await host.run(command, input: link.frames) { stream, bytes in
                        switch stream {
                        case .standardError: for line in link.lines(bytes) { try self.receive(line, on: link) }
                        case .standardOutput: self.receive(bytes, on: link)
                        }
                    }
                    // Lost is what may heal, and so is an attached process that somebody killed; a program that ends by
                    // itself has said its last word.
                    switch status {
                    case .lost: return CancellationError()
                    case .signalled where link.greeted: return CancellationError()
                    default: return GuestSupervisorError(.startFailed, "the supervisor's channel ended (\(status))")
                    }
                } catch {
                    return error
                }
            }
            group.addTask { await self.watch(host, link) }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// Asks a silent guest whether it is there; returns when it does not answer.
    func watch(_ host: any RemoteHost, _ link: GuestLink) async -> (any Error)? {
        while !Task.isCancelled {
            try? await Task.sleep(for: options.pingInterval)
            let silence = ContinuousClock.now - link.lastHeard
            if silence > options.silenceTimeout {
                await host.close()
                return CancellationError()
            }
            if silence >= options.pingInterval, link.greeted { link.frames.send(Frame.bytes("ping")) }
        }
        return nil
    }

    // MARK: Answers on standard error

    private func receive(_ line: String, on link: GuestLink) throws {
        guard link.greeted else {
            if let fields = link.greeting(line) { try greeted(fields, on: link) }
            return
        }
        let fields = line.split(separator: " ").map(String.init)
        switch fields.first {
        case _ where receiveOfUpload(fields): break
        case "queued" where fields.count == 2: state.withLock { $0.steps[fields[1]]?.frame = nil }
        case "journal": journal(fields.dropFirst().map { $0 })
        case "removed": removed.fulfil(())
        case "late": if record(fields.dropFirst().map { $0 }) { state.withLock { $0.records += 1 } }
        case "ready":
            try requireJournal()
            if ready.isResolved, !state.withLock({ $0.restarts }) { events(.linkRestored) }
            ready.fulfil(())
            follow(link.takeEarly(), on: link)
        case "pong": break
        case "error":
            fail(GuestSupervisorError(.protocolViolation, "the guest \(line.dropFirst("error ".count))"))
            throw CancellationError()
        default: break
        }
        link.frames.wake()
    }

    private func greeted(_ fields: [Substring], on link: GuestLink) throws {
        guard fields.count == 4, fields[0] == "1" else {
            fail(GuestSupervisorError(.protocolViolation, "the guest runs another version of the supervisor"))
            throw CancellationError()
        }
        let boot = String(fields[1])
        let (expected, current) = state.withLock { state in
            // The boots during which the build has run: restarts that steps declared. The guest has adopted this one, or not.
            let boots = fields[2].split(separator: ",").map(String.init)
            let isKnown = state.bootID.map(boots.contains) ?? true
            let expected = isKnown ? boots.last : state.bootID
            if isKnown { state.bootID = expected }
            // Known from now on, also if the link is lost before the log itself has begun to come.
            state.position = state.position ?? UInt64(fields[3])
            return (expected, state.current ?? state.order.first { state.steps[$0]?.result.isResolved == false })
        }
        guard expected == boot else {
            let place = current.map { "during \($0)" } ?? "between two steps"
            fail(GuestSupervisorError(.rebooted, "the machine restarted by itself \(place)"))
            throw CancellationError()
        }
    }

    // MARK: The log on standard output

    private func receive(_ bytes: [UInt8], on link: GuestLink) {
        if !link.keepEarly(bytes) { follow(bytes, on: link) }
    }

    private func follow(_ bytes: [UInt8], on link: GuestLink) {
        let position = link.scan(bytes) { piece in
            switch piece {
            case .record(let text):
                state.withLock { $0.records += 1 }
                record(text.split(separator: " ").map(String.init))
            case .output(let bytes):
                if let id = state.withLock({ $0.current }) { events(.output(id, Array(bytes))) }
            }
        }
        guard let position else { return }
        let place = state.withLock { state -> GuestPosition? in
            state.position = position
            guard position - state.acknowledged >= 4 << 20 else { return nil }
            state.acknowledged = position
            return GuestPosition(offset: position, records: state.records)
        }
        guard let place else { return }
        events(.acknowledging(place))
        link.frames.send(Frame.bytes("ack", String(position)))
    }
}
