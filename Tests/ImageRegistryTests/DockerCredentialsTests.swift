import ReplayTestSupport
import SystemPackage
import Testing

@testable import ImageRegistry

/// What `docker login` keeps, and the helpers that it keeps it with.
@Suite struct DockerCredentialsTests {
    private func credentials(_ config: String, helper: String? = nil, in scratch: ScratchDirectory) throws
        -> DockerCredentials
    {
        try scratch.write(config, to: "config.json")
        if let helper { try scratch.write("#!/bin/sh\n\(helper)\n", to: "docker-credential-test", mode: 0o755) }
        return try DockerCredentials(environment: [
            "DOCKER_CONFIG": scratch.path.string, "PATH": "\(scratch.path):/usr/bin:/bin",
        ])
    }

    private static let helper = """
        [ "$1" = get ] && [ "$(cat)" = r.example ] || { echo 'credentials not found'; exit 1; }
        echo '{"ServerURL":"r.example","Username":"me","Secret":"hunter2"}'
        """

    @Test(arguments: [#"{"credHelpers":{"r.example":"test"}}"#, #"{"credsStore":"test"}"#])
    func aHelperIsAsked(config: String) async throws {
        let scratch = try ScratchDirectory("credentials")
        let credentials = try credentials(config, helper: Self.helper, in: scratch)
        let found = try await credentials.credential(for: "r.example")
        #expect(found?.user == "me" && found?.password == "hunter2")
        #expect(try await credentials.credential(for: "other.example") == nil)
    }

    @Test(arguments: [
        (#"{"credsStore":"missing"}"#, "docker-credential-missing"), (#"{"credsStore":"../test"}"#, "which is no name"),
        (#"{"auths":{"r.example":{"identitytoken":"hunter2"}}}"#, "identity token"),
        (#"{"auths":{"r.example":{"auth":"aHVudGVyMg=="}}}"#, "no user and password"), ("{hunter2", "docker login"),
    ])
    func whatCannotBeUsedIsSaidWithoutItsSecret(config: String, sentence: String) async throws {
        let scratch = try ScratchDirectory("credentials")
        let error = await #expect(throws: RegistryError.self) {
            _ = try await credentials(config, in: scratch).credential(for: "r.example")
        }
        #expect(error?.code == .credentials)
        #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
        #expect(!"\(error.map { "\($0)" } ?? "")".contains("hunter2"))
    }

    @Test func withoutAFileThereAreNone() async throws {
        let scratch = try ScratchDirectory("credentials")
        let credentials = try DockerCredentials(environment: ["DOCKER_CONFIG": scratch.path.string])
        #expect(try await credentials.credential(for: "r.example") == nil)
    }
}
