import Basemaps
import Foundation
import ReplayTestSupport
import Subprocess
import SystemPackage
import Testing

@testable import ImageRegistry

@Suite struct RegistryClientTests {
    static let amd64 = ImagePlatform(architecture: "amd64")

    @Test func readsAnIndexByItsPlatformAndAsksOnceForEachDigest() async throws {
        let scratch = try ScratchDirectory("registry")
        try await StubHTTPServer.with(StubImages.reply) { server in
            let client = try HostileRegistryTests.client(server, scratch)
            let image = try await client.image("web/app:1", tag: "1", digest: nil, platform: Self.amd64)
            #expect(image.digest == ContentDigest(sha256Of: StubImages.index))
            #expect(image.manifestDigest == ContentDigest(sha256Of: StubImages.manifest))
            #expect(image.statement("org.opencontainers.image.base.name") == "debian:12")
            #expect(image.statement("l") == "1")
            #expect(image.configuration.config?.onBuild == ["RUN x"])
            #expect(image.diffIDs == [StubImages.layerDigest])
            let file = try await client.layer(image.layers[0])
            #expect(try [UInt8](Data(contentsOf: URL(filePath: file.string))) == StubImages.layer)
            let before = server.requests.count
            let again = try await client.image("web/app", tag: nil, digest: image.digest, platform: Self.amd64)
            #expect(again.configuration == image.configuration)
            #expect(try await client.layer(image.layers[0]) == file)
            #expect(server.requests.count == before)
        }
    }

    @Test func anotherPlatformIsRefusedWithWhatThereIs() async throws {
        let scratch = try ScratchDirectory("registry")
        try await StubHTTPServer.with(StubImages.reply) { server in
            let client = try HostileRegistryTests.client(server, scratch)
            let error = await #expect(throws: RegistryError.self) {
                try await client.image(
                    "web/app:1", tag: "1", digest: nil, platform: ImagePlatform(architecture: "s390x"))
            }
            #expect(error?.code == .platform)
            #expect(error?.context == ["It is there for: linux/arm64, linux/amd64."])
            let plain = await #expect(throws: RegistryError.self) {
                try await client.image(
                    "web/app:plain", tag: "plain", digest: nil, platform: ImagePlatform(architecture: "arm64"))
            }
            #expect(plain?.code == .platform)
        }
    }

    @Test func aTokenIsFetchedWithTheCredentialsAndUsed() async throws {
        let scratch = try ScratchDirectory("registry")
        let auth = Data("me:secret".utf8).base64EncodedString()
        try await StubHTTPServer.with { request in
            if request.path.hasPrefix("/token?") {
                return request.headers["authorization"] == "Basic \(auth)"
                    ? .init(text: #"{"token":"t1"}"#) : .init(401)
            }
            guard request.headers["authorization"] == "Bearer t1" else {
                let host = request.headers["host"] ?? ""
                return .init(
                    401, headers: ["WWW-Authenticate": #"Bearer realm="http://\#(host)/token",service="here""#])
            }
            return StubImages.reply(request)
        } body: { server in
            let host = "127.0.0.1:\(server.port)"
            try scratch.write(#"{"auths":{"\#(host)":{"auth":"\#(auth)"}}}"#, to: "docker/config.json")
            let credentials = try DockerCredentials(environment: ["DOCKER_CONFIG": scratch("docker").string])
            let client = RegistryClient(
                try ImageReference("\(host)/web/app:1"), cache: ContentCache(directory: scratch("cache")),
                credentials: credentials)
            _ = try await client.image("web/app:1", tag: "1", digest: nil, platform: Self.amd64)
            let tokens = server.requests.filter { $0.path.hasPrefix("/token") }
            #expect(tokens.map(\.path) == ["/token?service=here&scope=repository:web/app:pull"])
        }
    }

    @Test func aMirrorIsAskedInsteadOfTheRegistry() async throws {
        let scratch = try ScratchDirectory("registry")
        try await StubHTTPServer.with(StubImages.reply) { server in
            let client = RegistryClient(
                try ImageReference("web/app:1"), mirror: server.url, cache: ContentCache(directory: scratch("cache")))
            let image = try await client.image("web/app:1", tag: "1", digest: nil, platform: Self.amd64)
            #expect(image.layers.count == 1)
        }
    }

    @Test func brokenDockerConfigurationIsNotQuoted() throws {
        let scratch = try ScratchDirectory("registry")
        try scratch.write(#"{"auths": hunter2"#, to: "config.json")
        let error = #expect(throws: RegistryError.self) {
            try DockerCredentials(environment: ["DOCKER_CONFIG": scratch.path.string])
        }
        #expect(error?.code == .credentials)
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
    }
}
