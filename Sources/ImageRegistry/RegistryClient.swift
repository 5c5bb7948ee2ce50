public import Basemaps
public import HTTPTransport
public import SystemPackage

/// One repository of a registry, read by the OCI distribution protocol (distribution specification 1.1).
///
/// Documents and layers are checked against their digests and kept by them: what is in the cache is not asked for again.
public actor RegistryClient: ImageContent {
    /// How long a registry may take.
    public struct Deadlines: Sendable {
        /// For a document, challenge and redirects included.
        public var document: Duration
        /// For a layer, beyond one second for each 64 KiB of it.
        public var layer: Duration

        /// Makes deadlines: 30 s for a document, 60 s beside its size for a layer.
        public init(document: Duration = .seconds(30), layer: Duration = .seconds(60)) {
            self.document = document
            self.layer = layer
        }
    }

    private let reference: ImageReference
    private let base: String
    private let host: String
    private let http: HTTPClient
    private let cache: ContentCache
    private let credentials: DockerCredentials?
    private let deadlines: Deadlines
    private var authorization: String?

    /// Makes a client.
    /// - Parameters:
    ///   - reference: The image; registry and path decide.
    ///   - mirror: A registry that is asked in place of the image's own: `mirror.example:5000`, or an URL of it.
    ///   - cache: Where content is kept.
    ///   - credentials: Where to look when the registry asks who it is.
    ///   - deadlines: How long it may take.
    ///   - http: The client to use.
    public init(
        _ reference: ImageReference, mirror: String? = nil, cache: ContentCache, credentials: DockerCredentials? = nil,
        deadlines: Deadlines = Deadlines(), http: HTTPClient = HTTPClient()
    ) {
        self.reference = reference
        let (scheme, host) = Self.address(mirror ?? reference.registry)
        self.host = host
        base = "\(scheme)://\(host == "docker.io" ? "registry-1.docker.io" : host)/v2/\(reference.path)"
        self.cache = cache
        self.credentials = credentials
        self.deadlines = deadlines
        self.http = http
    }

    /// A registry on this machine speaks HTTP, as Docker has it; every other one TLS, unless an URL says otherwise.
    private static func address(_ text: String) -> (scheme: String, host: String) {
        for scheme in ["http", "https"] where text.hasPrefix("\(scheme)://") {
            let host = text.dropFirst(scheme.count + 3)
            return (scheme, String(host.hasSuffix("/") ? host.dropLast() : host))
        }
        let name = text.split(separator: ":").first ?? ""
        let address = name.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback =
            name == "localhost"
            || address.count == 4 && address[0] == "127" && address.allSatisfy { UInt8($0) != nil }
        return (isLoopback ? "http" : "https", text)
    }

    /// The index or manifest that a tag leads to.
    public func document(tag: String?) async throws -> [UInt8] {
        let response = try await fetchManifest(tag ?? "latest", what: reference.description)
        // The header is optional; where it is, it is a promise.
        if let promised = response.header("docker-content-digest").flatMap({ ContentDigest($0) }),
            !promised.names(response.body)
        {
            throw mismatch(reference.description, promised)
        }
        cache.keep(response.body, as: ContentDigest(sha256Of: response.body))
        return response.body
    }

    /// A small document by its digest.
    public func document(_ digest: ContentDigest, size: Int64?, isManifest: Bool) async throws -> [UInt8] {
        if let size, size > largestDocument || size < 0 { throw tooLarge("\(reference.repository)@\(digest)") }
        if let bytes = cache.document(digest) { return bytes }
        let what = "\(reference.repository)@\(digest)"
        let bytes =
            isManifest
            ? try await fetchManifest("\(digest)", what: what).body
            : try await fetchBlob(digest, size: size, what: what)
        if let size, size != Int64(bytes.count) {
            throw RegistryError(
                .mismatch, "\(what) has \(bytes.count) bytes, where \(size) were promised. Nothing of it was used.")
        }
        guard digest.names(bytes) else { throw mismatch(what, digest) }
        cache.keep(bytes, as: digest)
        return bytes
    }

    /// A layer, checked, as a file.
    public func layer(_ descriptor: Descriptor) async throws -> FilePath {
        let path = cache.path(descriptor.digest)
        if (try? path.stat().size) == descriptor.size { return path }
        try cache.prepare(for: descriptor.digest)
        let what = "\(reference.repository)@\(descriptor.digest)"
        let work = FilePath("\(path).\(UInt64.random(in: 0...UInt64.max)).tmp")
        let deadline = deadlines.layer + .seconds(max(0, descriptor.size) >> 16)
        _ = try await authorized(what, deadline: deadline) { [http, base] headers in
            try await http.download(
                HTTPRequest("\(base)/blobs/\(descriptor.digest)", headers: headers), to: work,
                limit: max(0, descriptor.size))
        }
        return try LayerFile.keep(work, as: path, descriptor: descriptor, what: what)
    }

    private func fetchManifest(_ name: String, what: String) async throws -> HTTPResponse {
        let accepted = [
            "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
        ].joined(separator: ", ")
        return try await authorized(what, deadline: deadlines.document) { [http, base] headers in
            try await http.get(
                HTTPRequest("\(base)/manifests/\(name)", headers: headers + [HTTPHeader("Accept", accepted)]),
                limit: largestDocument)
        }
    }

    private func fetchBlob(_ digest: ContentDigest, size: Int64?, what: String) async throws -> [UInt8] {
        try await authorized(what, deadline: deadlines.document) { [http, base] headers in
            try await http.get(
                HTTPRequest("\(base)/blobs/\(digest)", headers: headers), limit: size.map { Int($0) } ?? largestDocument
            )
        }.body
    }

    // MARK: - Who asks

    private func authorized<Value: Sendable>(
        _ what: String, deadline: Duration, _ body: @escaping @Sendable ([HTTPHeader]) async throws -> Value
    ) async throws -> Value {
        do {
            return try await within(deadline, what) { [self] in
                do {
                    return try await body(headers)
                } catch let error as HTTPError where error.status == 401 {
                    try await answer(error)
                    return try await body(headers)
                }
            }
        } catch let error as HTTPError { throw explained(error, what) }
    }

    private var headers: [HTTPHeader] { authorization.map { [HTTPHeader("Authorization", $0)] } ?? [] }

    /// Gets what the registry's challenge asks for.
    private func answer(_ error: HTTPError) async throws {
        let challenges = error.headers.filter { $0.name.lowercased() == "www-authenticate" }
            .compactMap { AuthenticationChallenge($0.value) }
        let credential = try await credentials?.credential(for: host)
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }),
            let url = bearer.tokenURL(scope: "repository:\(reference.path):pull")
        {
            guard Self.mayAsk(url, for: base) else {
                throw RegistryError(
                    .unauthorized,
                    "The registry \(host) wants credentials sent to a place without TLS: "
                        + "\(HTTPRequest(url).displayURL).")
            }
            let fields = credential.map { [HTTPHeader("Authorization", $0.basic)] } ?? []
            let response = try await http.get(HTTPRequest(url, headers: fields), limit: 1 << 18)
            authorization = "Bearer \(try RegistryToken(response.body, registry: host).text)"
        } else if let credential, challenges.contains(where: { $0.scheme == "basic" }) {
            authorization = credential.basic
        } else {
            throw error
        }
    }

    /// Whether a token may be asked for there: the password of a registry that is spoken to over TLS goes nowhere without.
    static func mayAsk(_ tokenURL: String, for registry: String) -> Bool {
        tokenURL.hasPrefix("https://") || registry.hasPrefix("http://")
    }

    private func explained(_ error: HTTPError, _ what: String) -> RegistryError {
        let login = "docker login\(host == "docker.io" ? "" : " \(host)")"
        switch (error.code, error.status) {
        case (_, 401), (_, 403):
            return RegistryError(
                .unauthorized, "The registry \(host) does not give out \(what): it needs other credentials, or any.",
                context: [
                    "Log in (\(login)), or correct the name; registries answer so for images that are not there."
                ],
                cause: error)
        case (_, 404):
            return RegistryError(
                .notFound, "There is no \(what) in the registry.",
                context: ["Correct the name, tag or digest in FROM."],
                cause: error)
        case (.tooLarge, _): return tooLarge(what)
        default:
            return RegistryError(
                .unavailable, "\(what) cannot be had from the registry \(host).",
                context: ["Another registry can be asked with --registry-mirror."], cause: error)
        }
    }

    private func mismatch(_ what: String, _ digest: ContentDigest) -> RegistryError {
        RegistryError(
            .mismatch, "What the registry \(host) gave for \(what) is not what \(digest) names. Nothing of it was used."
        )
    }

    private func tooLarge(_ what: String) -> RegistryError {
        RegistryError(.tooLarge, "\(what) is larger than it may be: no honest document has more than 4 MiB.")
    }

    private func within<Value: Sendable>(
        _ deadline: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask { [host] in
                try await Task.sleep(for: deadline)
                throw RegistryError(.timedOut, "The registry \(host) took more than \(deadline) for \(what).")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
