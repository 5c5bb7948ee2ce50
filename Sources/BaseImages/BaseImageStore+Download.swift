internal import Basemaps
internal import HTTPTransport
internal import ReplayEvents
internal import Synchronization
internal import SystemPackage

extension BaseImageStore {
    /// Servers that could not be reached, for as long as this process lives: nobody waits twice for the same silence.
    private static let unreachable = Mutex<Set<String>>([])

    /// Fetches a published image whose checksum is in its publisher's list, unless it is here already.
    func fetch(_ source: DownloadSource, task: TaskID, events: @escaping EventHandler) async throws -> LocalImage {
        let name = String(source.url.split(separator: "/").last ?? "")
        let expected: String
        do {
            expected = try await checksum(of: name, source)
        } catch let error as BaseImageError where error.code == .unreachable {
            // The image that was fetched last is still the publisher's: better than another source.
            if let last = cached(Self.lastKey(source)) {
                events(.taskNote(task, "\(error.message) The image that was fetched earlier is used."))
                return last.image
            }
            throw error
        }
        let key = Self.key("download", "\(source.algorithm):\(expected)")
        let image = try await making(key, note: { events(.taskNote(task, $0)) }) { work in
            let file = work.appending("image.qcow2")
            events(.taskNote(task, "downloading \(source.url)"))
            _ = try await reaching(source.url) {
                try await client.download(HTTPRequest(source.url), to: file) { progress in
                    events(.taskProgress(task, completed: progress.received, total: progress.total, unit: .bytes))
                }
            }
            let digest = try FileDigest(of: file)
            let actual = source.algorithm == "sha512" ? digest.sha512 : digest.sha256
            guard actual == expected else {
                throw BaseImageError(
                    .wrongChecksum,
                    "\(source.url) is not the image that its publisher lists: its \(source.algorithm) is \(actual.prefix(16))…, expected \(expected.prefix(16))…."
                )
            }
            return ImageRecord(
                digest: "sha256:\(digest.sha256)", origin: source.url, url: source.url, size: digest.size)
        }
        remember(key, as: Self.lastKey(source))
        return image
    }

    private func checksum(of name: String, _ source: DownloadSource) async throws -> String {
        let list = try await reaching(source.checksums) {
            try await client.get(HTTPRequest(source.checksums), limit: 4 << 20)
        }
        let digits = source.algorithm == "sha512" ? 128 : 64
        guard let checksum = ChecksumFile(list.text, digits: digits)[name] else {
            throw BaseImageError(.wrongChecksum, "\(source.checksums) has no \(source.algorithm) checksum of \(name).")
        }
        return checksum
    }

    /// Runs a request, and remembers a server that cannot be reached.
    private func reaching<Value: Sendable>(_ url: String, _ body: () async throws -> Value) async throws -> Value {
        let server = url.split(separator: "/", maxSplits: 2).dropFirst().first.map(String.init) ?? url
        if Self.unreachable.withLock({ $0.contains(server) }) {
            throw BaseImageError(.unreachable, "\(server) cannot be reached.")
        }
        do {
            return try await body()
        } catch let error as HTTPError {
            switch error.code {
            case .unreachable:
                _ = Self.unreachable.withLock { $0.insert(server) }
                throw BaseImageError(
                    .unreachable, "\(server) cannot be reached.", context: [error.message], cause: error)
            case .inputOutput: throw error
            default: throw BaseImageError(.unavailable, "\(error.message)", context: error.context, cause: error)
            }
        }
    }

    private static func lastKey(_ source: DownloadSource) -> String { key("last", source.url) }

    /// A symbolic link by the URL, so that the image is found when the publisher's list cannot be had.
    private func remember(_ key: String, as name: String) {
        let link = directory.appending(name)
        let temporary = directory.appending("\(name).\(UInt64.random(in: 0...UInt64.max)).tmp")
        do {
            try FileLinks.makeSymbolicLink(temporary, to: key)
            try FileLinks.rename(temporary, to: link)
        } catch {
            // Only a convenience for a day without network.
            FileLinks.remove(temporary)
        }
    }
}
