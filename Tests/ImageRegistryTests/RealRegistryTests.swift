import Basemaps
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@testable import ImageRegistry

/// Debian's docker-registry on loopback, filled by skopeo: neither is ours.
@Suite(.enabled(if: RealRegistry.isInstalled, "docker-registry, skopeo and htpasswd's crypt are installed"))
struct RealRegistryTests {
    @Test(.timeLimit(.minutes(2)), arguments: ["oci", "v2s2"])
    func anImageOfSkopeoIsRead(format: String) async throws {
        let scratch = try ScratchDirectory("registry")
        try await RealRegistry.with(scratch) { host in
            let layout = try Layout.make(in: scratch)
            try await RealRegistry.skopeo(
                "copy", "--format", format, "--dest-tls-verify=false", "oci:\(layout.path):app",
                "docker://\(host)/web/app:1")
            let cache = ContentCache(directory: scratch("cache"))
            let client = RegistryClient(try ImageReference("\(host)/web/app:1"), cache: cache)
            let image = try await client.image(
                "web/app:1", tag: "1", digest: nil, platform: RegistryClientTests.amd64)
            #expect(image.diffIDs == [layout.diffID])
            #expect(image.configuration.config?.environment == ["A=1"])
            let layer = try await client.layer(image.layers[0])
            #expect(try image.layers[0].digest.names([UInt8](Data(contentsOf: URL(filePath: layer.string)))))
            // skopeo's own word for the digest.
            let said = try await RealRegistry.skopeo(
                "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://\(host)/web/app:1")
            #expect(said.trimmingCharacters(in: .whitespacesAndNewlines) == "\(image.digest)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func basicCredentialsAreUsedAndTheirLackIsSaid() async throws {
        let scratch = try ScratchDirectory("registry")
        // bcrypt of “secret”, as htpasswd -B writes it: made by crypt(3) in the fixture.
        try await RealRegistry.with(scratch, user: "me", password: "secret") { host in
            let layout = try Layout.make(in: scratch)
            try await RealRegistry.skopeo(
                "copy", "--dest-tls-verify=false", "--dest-creds", "me:secret", "oci:\(layout.path):app",
                "docker://\(host)/web/app:1")
            let reference = try ImageReference("\(host)/web/app:1")
            let cache = ContentCache(directory: scratch("cache"))
            let stranger = RegistryClient(reference, cache: cache)
            let error = await #expect(throws: RegistryError.self) {
                try await stranger.image("web/app:1", tag: "1", digest: nil, platform: RegistryClientTests.amd64)
            }
            #expect(error?.code == .unauthorized)
            #expect(error?.context.first?.contains("docker login \(host)") == true)
            let auth = Data("me:secret".utf8).base64EncodedString()
            try scratch.write(#"{"auths":{"\#(host)":{"auth":"\#(auth)"}}}"#, to: "docker/config.json")
            let friend = RegistryClient(
                reference, cache: cache,
                credentials: try DockerCredentials(environment: ["DOCKER_CONFIG": scratch("docker").string]))
            let image = try await friend.image(
                "web/app:1", tag: "1", digest: nil, platform: RegistryClientTests.amd64)
            #expect(image.diffIDs == [layout.diffID])
        }
    }

    @Test(.timeLimit(.minutes(2))) func layoutsAndDockersArchivesAreRead() async throws {
        let scratch = try ScratchDirectory("registry")
        let layout = try Layout.make(in: scratch)
        try await RealRegistry.skopeo(
            "copy", "oci:\(layout.path):app", "docker-archive:\(scratch("saved.tar")):web/app:1")
        let cache = ContentCache(directory: scratch("cache"))
        let directory = try OCILayout(layout.path)
        let archive = DockerArchive(scratch("saved.tar"), cache: cache)
        for (content, tag) in [(directory as any ImageContent, "app"), (archive, nil)] {
            let image = try await content.image("x", tag: tag, digest: nil, platform: RegistryClientTests.amd64)
            #expect(image.diffIDs == [layout.diffID])
            #expect(image.configuration.config?.environment == ["A=1"])
            let file = try await content.layer(image.layers[0])
            #expect(try file.stat().size > 0)
        }
        let error = await #expect(throws: RegistryError.self) { try await directory.document(tag: "other") }
        #expect(error?.code == .notFound)
    }
}
