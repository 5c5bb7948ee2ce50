internal import FoundationEssentials
internal import Subprocess
internal import SystemCalls
internal import SystemPackage

/// The credentials that `docker login` and its helpers keep.
///
/// Docker's `config.json` (docs.docker.com/reference/cli/docker/login): `credHelpers` for one registry, `credsStore` for
/// all, `auths` with base64 of `user:password`.
public struct DockerCredentials: Sendable {
    private struct File: Decodable {
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    private struct Entry: Decodable {
        var auth: String?
        var identitytoken: String?
    }

    private struct Answer: Decodable {
        var Username: String
        var Secret: String
    }

    private let file: File?
    private let path: FilePath
    private let searchPath: String

    /// Reads `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`; without the file there are no credentials.
    /// - Throws: ``RegistryError`` with `credentials`.
    public init(environment: [String: String]) throws {
        let directory = environment["DOCKER_CONFIG"] ?? (environment["HOME"] ?? "/") + "/.docker"
        path = FilePath(directory).appending("config.json")
        searchPath = environment["PATH"] ?? "/usr/bin:/bin"
        guard let bytes = try? SmallFile.read(path) else {
            file = nil
            return
        }
        do { file = try JSONDecoder().decode(File.self, from: Data(bytes)) } catch {
            // The decoder's words may quote the file, and so a password.
            throw RegistryError(
                .credentials, "\(path) cannot be read: it is not what docker login writes.",
                context: ["Correct it, or set DOCKER_CONFIG to a directory with another config.json."])
        }
    }

    /// The credentials for a registry, or nil when there are none.
    /// - Throws: ``RegistryError`` with `credentials`.
    public func credential(for registry: String) async throws -> RegistryCredential? {
        guard let file else { return nil }
        let names = Self.names(of: registry)
        if let (name, helper) = names.lazy.compactMap({ name in file.credHelpers?[name].map { (name, $0) } }).first {
            return try await ask(helper, for: name)
        }
        let entry = names.lazy.compactMap { file.auths?[$0] }.first
        if let helper = file.credsStore, !helper.isEmpty {
            for name in names { if let found = try await ask(helper, for: name) { return found } }
            return nil
        }
        guard let entry else { return nil }
        if let token = entry.identitytoken, !token.isEmpty { throw identityToken(registry) }
        guard let data = entry.auth.flatMap({ Data(base64Encoded: $0) }) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else {
            throw RegistryError(
                .credentials, "The entry for \(registry) in \(path) is no user and password.",
                context: ["Log in again: docker login \(registry)"])
        }
        return RegistryCredential(
            user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }

    /// What `docker login` may have called the registry: Docker Hub has a name of its own there.
    private static func names(of registry: String) -> [String] {
        registry == "docker.io"
            ? ["https://index.docker.io/v1/", "index.docker.io", "docker.io"]
            : [
                registry, "https://\(registry)", "http://\(registry)", "https://\(registry)/v1/",
                "https://\(registry)/v2/",
            ]
    }

    /// Asks `docker-credential-NAME get`: the registry on its input, JSON on its output
    /// (github.com/docker/docker-credential-helpers).
    private func ask(_ helper: String, for registry: String) async throws -> RegistryCredential? {
        guard !helper.contains("/") else {
            throw RegistryError(.credentials, "\(path) names the credential helper “\(helper)”, which is no name.")
        }
        let program = "docker-credential-\(helper)"
        let places = searchPath.split(separator: ":").map { FilePath(String($0)).appending(program) }
        guard let place = places.first(where: { FileAccess.canRun($0) }) else { throw cannotRun(program) }
        let output: String
        do {
            let result = try await Subprocess.run(
                .path(place), arguments: ["get"], input: .string(registry), output: .string(limit: 1 << 16),
                error: .discarded)
            // A helper that knows no such registry ends with status 1 and says so on its output.
            guard result.terminationStatus.isSuccess else { return nil }
            output = result.standardOutput
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw cannotRun(program)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.utf8)) else {
            throw RegistryError(.credentials, "The credential helper \(program) gave an answer that is none.")
        }
        guard answer.Username != "<token>" else { throw identityToken(registry) }
        return RegistryCredential(user: answer.Username, password: answer.Secret)
    }

    private func cannotRun(_ program: String) -> RegistryError {
        RegistryError(
            .credentials, "The credential helper \(program), which \(path) names, cannot be run.",
            context: ["Install it, or remove it from \(path)."])
    }

    private func identityToken(_ registry: String) -> RegistryError {
        RegistryError(
            .credentials, "What is kept for \(registry) is an identity token, which replay cannot use.",
            context: ["Log in with a user and an access token instead: docker login --username USER \(registry)"])
    }
}
