import Basemaps
import Testing

@Suite struct ImageReferenceTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("debian", "docker.io/library/debian:latest", "debian"),
        ("debian:12-slim", "docker.io/library/debian:12-slim", "debian"),
        ("library/debian", "docker.io/library/debian:latest", "debian"),
        ("docker.io/debian", "docker.io/library/debian:latest", "debian"),
        ("index.docker.io/library/debian:12", "docker.io/library/debian:12", "debian"),
        ("me/app", "docker.io/me/app:latest", "me/app"),
        ("ghcr.io/me/app:v1", "ghcr.io/me/app:v1", "ghcr.io/me/app"),
        ("localhost/app", "localhost/app:latest", "localhost/app"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app"),
        ("registry:5000/a/b/c", "registry:5000/a/b/c:latest", "registry:5000/a/b/c"),
        ("a__b/c-d.e_f---g:T_1.-", "docker.io/a__b/c-d.e_f---g:T_1.-", "a__b/c-d.e_f---g"),
        ("debian@\(digest)", "docker.io/library/debian@\(digest)", "debian"),
        ("debian:12@\(digest)", "docker.io/library/debian:12@\(digest)", "debian"),
    ])
    func aReferenceIsCompletedAsDockerDoes(text: String, complete: String, familiar: String) throws {
        let reference = try ImageReference(text)
        #expect(reference.description == complete)
        #expect(reference.familiarName == familiar)
    }

    @Test(arguments: [
        "", ":12", "debian:", "debian:-x", "debian:.x", "debian:a b", "Debian", "me/App", "a//b", "/a", "a/", "-a",
        "a-",
        "a..b", "a___b", "debian@", "debian@sha256:12", "debian@md5:d41d8cd98f00b204e9800998ecf8427e",
        "debian@" + digest.uppercased(), "ghcr.io/", "ghcr.io:port/app", "-bad.io/app", "a b", "dé",
        "debian:" + String(repeating: "x", count: 129), String(repeating: "x", count: 256),
    ])
    func whatIsNoReferenceIsRefused(text: String) {
        let error = #expect(throws: BasemapError.self) { try ImageReference(text) }
        #expect(error?.code == .invalidReference)
        #expect(error?.message.hasPrefix("“\(text)” is no image reference: ") == true)
    }

    @Test(arguments: [
        ("12", "12", true), ("12", "12.1", false), ("12.*", "12.11", true), ("12.*", "12.", false),
        ("12.*", "12", false),
        ("12.*", "12.11-slim", false), ("bookworm-*", "bookworm-20261101", true),
        ("bookworm-*", "bookworm-backports", false), ("*-x-*", "1-x-2.3", true), ("*-x-*", "1-x-", false),
    ])
    func aStarStandsForDigitsAndDots(pattern: String, tag: String, matches: Bool) {
        #expect(TagPattern(pattern).matches(tag) == matches)
    }
}
