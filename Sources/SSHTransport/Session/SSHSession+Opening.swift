import CLibSSH2

extension SSHSession {
    /// Waits for the line with which a server introduces itself (RFC 4253 section 4.2).
    func awaitBanner(_ signals: OperationSignals, until deadline: ContinuousClock.Instant) throws {
        while true {
            let received: ArraySlice<UInt8>
            do {
                received = try transport.prefetch()
            } catch let error as SSHError where error.code == .lost {
                throw SSHError(.closedBeforeBanner, "\(endpoint) reset the connection before its banner.", cause: error)
            }
            let lines = received.split(separator: UInt8(ascii: "\n"))
            if lines.contains(where: { $0.starts(with: Array("SSH-".utf8)) }) { return }
            let text = lines.map { String(decoding: $0.prefix(200), as: UTF8.self) }
            if transport.ending != nil {
                throw SSHError(
                    .closedBeforeBanner, "\(endpoint) closed the connection before its banner.", context: text)
            }
            guard received.count < 8192 else {
                throw SSHError(.notAnSSHServer, "What listens at \(endpoint) is no SSH server.", context: text)
            }
            transport.allowReceiving(1)
            try signals.check()
            var entries = [PollEntry(signals.wakeup.descriptor), PollEntry(transport.socket.rawValue)]
            let isReady = try waitForReadiness(&entries, until: deadline)
            if entries[0].isReadable { signals.wakeup.clear() }
            if !isReady {
                let code: SSHError.Code = received.isEmpty ? .noBanner : .notAnSSHServer
                throw SSHError(code, "\(endpoint) accepts connections but sends no SSH banner.", context: text)
            }
        }
    }

    /// Exchanges keys and compares the server's host key. Nothing about the user has been sent when it returns.
    func handshake(
        hostKey policy: HostKeyPolicy, _ signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws {
        let preferences = AlgorithmPreferences(hostKey: policy)
        for list in preferences.lists {
            let names = list.names.joined(separator: ",")
            guard unsafe libssh2_session_method_pref(handle.pointer, list.method, names) == 0 else {
                throw SSHError(
                    .noCommonAlgorithm,
                    "libssh2 \(Library.version) supports no \(list.name) algorithm of these: \(names).")
            }
        }
        let status: CInt
        do {
            status = try complete("key exchange", signals, until: deadline) {
                unsafe libssh2_session_handshake(handle.pointer, transport.socket.rawValue)
            }
        } catch let error as SSHError where error.code == .lost {
            // A server may be the first to see that there is nothing in common, and hang up.
            throw diagnosis(preferences, policy)
                ?? SSHError(.keyExchangeFailed, "\(endpoint) hung up during the key exchange.", cause: error)
        }
        guard status == 0 else {
            throw diagnosis(preferences, policy) ?? failure("the key exchange", status, .keyExchangeFailed)
        }
        transport.stopRecording()
        try compareHostKey(with: policy)
    }

    private func compareHostKey(with policy: HostKeyPolicy) throws {
        var count = 0
        var type: CInt = 0
        guard let bytes = unsafe libssh2_session_hostkey(handle.pointer, &count, &type) else {
            throw failure("reading the host key", LIBSSH2_ERROR_HOSTKEY_INIT, .keyExchangeFailed)
        }
        let blob = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
        switch policy {
        case .pinned(let expected):
            guard expected.blob != blob else { return }
            let found = try SSHPublicKey(blob: blob)
            throw SSHError(
                .hostKeyMismatch,
                "The server at \(endpoint) is not the machine it should be: its host key is \(found.algorithm) "
                    + "\(found.fingerprint), expected was \(expected.algorithm) \(expected.fingerprint). "
                    + "Nothing was sent to it.")
        }
    }

    /// Logs in with one key, and tries no other: servers count what is offered.
    func authenticate(
        user: String, key: SSHPrivateKey, _ signals: OperationSignals, until deadline: ContinuousClock.Instant
    ) throws {
        let name = Array(user.utf8).map { CChar(bitPattern: $0) }
        let secret = Array(key.text.utf8).map { CChar(bitPattern: $0) }
        let status = try unsafe name.withUnsafeBufferPointer { name in
            try unsafe secret.withUnsafeBufferPointer { secret in
                try complete("login", signals, until: deadline) {
                    unsafe libssh2_userauth_publickey_frommemory(
                        handle.pointer, name.baseAddress, name.count, nil, 0, secret.baseAddress, secret.count,
                        key.passphrase)
                }
            }
        }
        switch status {
        case 0:
            keepsAlive = true
        case LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
            throw SSHError(
                .authenticationFailed,
                "\(endpoint) does not accept the key for user \(user).", cause: failure("login", status))
        case LIBSSH2_ERROR_FILE, LIBSSH2_ERROR_METHOD_NONE, LIBSSH2_ERROR_METHOD_NOT_SUPPORTED,
            LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
            throw SSHError(.unusableKey, "The user's private key cannot be used.", cause: failure("login", status))
        default:
            throw failure("login", status)
        }
    }

    /// Makes "unable to exchange encryption keys" an answer: which list has no word in common.
    private func diagnosis(_ preferences: AlgorithmPreferences, _ policy: HostKeyPolicy) -> SSHError? {
        guard let server = ServerAlgorithms(handshake: transport.recording) else { return nil }
        var reasons: [String] = []
        var isOnlyHostKey = true
        for (list, offered) in zip(preferences.lists, server.lists) {
            let own = supported(list)
            guard Set(own).isDisjoint(with: offered) else { continue }
            let reason =
                "\(list.name) (\(list.option)): the server offers \(offered.joined(separator: ", ")); "
                + "this side \(own.joined(separator: ", "))"
            if !reasons.contains(reason) { reasons.append(reason) }
            if list.method != LIBSSH2_METHOD_HOSTKEY { isOnlyHostKey = false }
        }
        guard !reasons.isEmpty else { return nil }
        if case .pinned(let key) = policy, isOnlyHostKey, supports(hostKey: key.algorithm) {
            return SSHError(
                .hostKeyMismatch,
                "The server at \(endpoint) is not the machine it should be: it has no host key of type "
                    + "\(key.algorithm), expected was \(key.fingerprint). Nothing was sent to it.", context: reasons)
        }
        let names = reasons.compactMap { $0.split(separator: " (").first }.joined(separator: " and ")
        return SSHError(
            .noCommonAlgorithm,
            "The server at \(endpoint) and libssh2 \(Library.version) have no \(names) algorithm in common. "
                + "Allow one in the server's sshd_config\(remedy(reasons)). " + reasons.joined(separator: "; ") + ".",
            context: reasons)
    }

    /// What else helps: a library that knows what the server offers (libssh2's release notes).
    private func remedy(_ reasons: [String]) -> String {
        let isWanted = reasons.contains { $0.hasPrefix("cipher") && $0.contains("chacha20-poly1305@openssh.com") }
        return isWanted && !Library.isAtLeast(0x010b01)
            ? ", or use libssh2 1.11.1 or newer, which has chacha20-poly1305" : ""
    }

    private func supports(hostKey algorithm: String) -> Bool {
        algorithm != "ssh-rsa" || Library.isAtLeast(0x010b00)
    }

    private func supported(_ list: AlgorithmPreferences.List) -> [String] {
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>? = nil
        let count = unsafe libssh2_session_supported_algs(handle.pointer, list.method, &names)
        guard count > 0, let names = unsafe names else { return [] }
        defer { unsafe libssh2_free(handle.pointer, names) }
        let known = (0..<Int(count)).compactMap { index in
            unsafe names[index].map { unsafe String(cString: $0) }
        }
        return list.names.filter(known.contains)
    }
}
