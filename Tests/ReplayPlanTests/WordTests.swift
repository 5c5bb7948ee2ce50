import Testing

@testable import ReplayPlan

@Suite struct WordTests {
    /// Inputs with the answers of Go's `filepath.Match`; nil where it calls the pattern malformed.
    static let patterns: [(pattern: String, name: String, matches: Bool?)] = [
        ("abc", "abc", true), ("*", "abc", true), ("*c", "abc", true), ("a*", "a", true), ("a*", "abc", true),
        ("a*", "ab/c", false), ("a*/b", "abc/b", true), ("a*/b", "a/c/b", false),
        ("a*b*c*d*e*/f", "axbxcxdxe/f", true), ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
        ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false), ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
        ("a*b?c*x", "abxbbxdbxebxczzx", true), ("a*b?c*x", "abxbbxdbxebxczzy", false), ("ab[c]", "abc", true),
        ("ab[b-d]", "abc", true), ("ab[e-g]", "abc", false), ("ab[^c]", "abc", false), ("ab[^b-d]", "abc", false),
        ("ab[^e-g]", "abc", true), ("a\\*b", "a*b", true), ("a\\*b", "ab", false), ("a?b", "a☺b", true),
        ("a[^a]b", "a☺b", true), ("a???b", "a☺b", false), ("a[^a][^a][^a]b", "a☺b", false), ("[a-ζ]*", "α", true),
        ("*[a-ζ]", "A", false), ("a?b", "a/b", false), ("a*b", "a/b", false), ("[\\]a]", "]", true),
        ("[\\-]", "-", true), ("[x\\-]", "x", true), ("[x\\-]", "-", true), ("[x\\-]", "z", false),
        ("[\\-x]", "a", false), ("[]a]", "]", nil), ("[-]", "-", nil), ("[x-]", "x", nil), ("[-x]", "x", nil),
        ("\\", "a", nil), ("[a-b-c]", "a", nil), ("[", "a", nil), ("[^", "a", nil), ("[^bc", "a", nil),
        ("a[", "ab", nil), ("*x", "xxx", true), ("**/c", "d/c", true), ("**/c", "d/e/c", false), ("", "", true),
    ]

    @Test(arguments: patterns) func patternsMatchAsInGo(_ sample: (pattern: String, name: String, matches: Bool?)) {
        #expect(FilePattern(sample.pattern)?.matches(sample.name) == sample.matches)
    }

    @Test(arguments: [
        ("linux/amd64", "linux/amd64"), ("amd64", "linux/amd64"), ("linux", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"), ("aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm", "linux/arm"), ("linux/arm/v7", "linux/arm/v7"), ("linux/armhf", "linux/arm"),
        ("Linux/AMD64", "linux/amd64"), ("windows(10.0.17763)/amd64", "windows/amd64"), ("foo/bar", "foo/bar"),
    ]) func platformsAreRead(_ text: String, _ result: String) {
        #expect(Platform(text, host: Platform(architecture: "amd64"))?.description == result)
    }

    @Test(arguments: ["", "nope", "linux/amd64/v1/x", "linux/*", "linux/a b", "linux//amd64"])
    func whatIsNoPlatformIsRefused(_ text: String) {
        #expect(text.isEmpty || Platform(text, host: Platform(architecture: "amd64")) == nil)
    }

    @Test(arguments: [
        "debian", "debian:12", "debian:bookworm-slim", "library/debian", "registry.example.org:5000/a/b_c__d:v1.2",
        "localhost/x", "a--b", "0", "debian@sha256:0123456789012345678901234567890123456789012345678901234567890123",
        "Registry/x:y",
    ]) func imageReferencesAreAccepted(_ text: String) {
        #expect(ImageReference.problem(with: text) == nil)
    }

    @Test(arguments: [
        "Debian", "a//b", "-a", "a-", "a..b", "a___b", "a:", "a:-x", "a@sha256:12", "[a]", "a b", "/a", "a/", "a@x",
        "0123456789012345678901234567890123456789012345678901234567890123", "x/Y",
    ]) func whatIsNoImageReferenceIsRefused(_ text: String) {
        #expect(ImageReference.problem(with: text) != nil)
    }

    @Test(arguments: [
        ("0", true), ("755", true), ("07777", true), ("10000", false), ("888", false), ("1x", false), ("u+x", true),
        ("u=rwX,go=rX", true), ("+x", true), ("g=u", true), ("a-w+x", true), ("u=", true), ("foo", false), ("", false),
        ("u", false), ("u+x,", false), ("u+y", false),
    ]) func modesAreChecked(_ text: String, _ isValid: Bool) {
        #expect((FileModeExpression.problem(with: text) == nil) == isValid)
    }

    @Test(arguments: [
        ("80", ["80/tcp"]), ("80/UDP", ["80/udp"]), ("80-82/sctp", ["80/sctp", "81/sctp", "82/sctp"]),
        ("8080:80", ["80/tcp"]), ("127.0.0.1:8080:80", ["80/tcp"]), ("[::1]:8080:80/tcp", ["80/tcp"]),
        ("0", ["0/tcp"]), ("80/", ["80/tcp"]), ("8000-8001:80-81", ["80/tcp", "81/tcp"]),
        ("8000-8010:80", ["80/tcp"]),
    ]) func portsAreRead(_ text: String, _ ports: [String]) throws {
        #expect(try PortSpecification.ports(text) == ports)
    }

    @Test(arguments: [
        "foo", "70000", "1:2:3", "80/foo", "/tcp", "90-80", "8000-8001:80-82", "x:80", "1.2.3.256::80", "",
    ])
    func whatIsNoPortIsRefused(_ text: String) {
        #expect(throws: PlanError.self) { try PortSpecification.ports(text) }
    }

    @Test(arguments: [
        ("a/b/../c", "a/c"), ("/../a", "/a"), ("../a", "../a"), ("a/..", "."), ("//a//b/", "/a/b"), ("", "."),
        ("./", "."),
    ]) func pathsAreCleanedAsInGo(_ path: String, _ result: String) {
        #expect(GoPath.clean(path) == result)
    }

    @Test(arguments: [
        ("https://github.com/o/r.git", true), ("https://github.com/o/r.git#v1:sub", true), ("git://h/r", true),
        ("ssh://git@h/r", true), ("git@github.com:o/r.git", true), ("https://example.org/x.git.tar", false),
        ("github.com/o/r", false), ("./a@b:c", false), ("a.txt", false), ("https://h/x?y=.git", false),
    ]) func gitSourcesAreKnown(_ text: String, _ isRepository: Bool) {
        #expect(GitSource.isRepository(text) == isRepository)
    }

    @Test(arguments: [
        ("http://e.com/p/f.tar.gz?x=1", "f.tar.gz"), ("https://e.com/", "__unnamed__"), ("http://e.com", "__unnamed__"),
        ("http://e.com/a%20b.txt", "a b.txt"), ("http://e.com/dir/", "dir"),
    ]) func downloadsAreNamedByTheirAddress(_ text: String, _ name: String) {
        #expect(GitSource.fileName(ofURL: text) == name)
    }
}
