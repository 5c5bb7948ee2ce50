import Testing

@testable import BaseImages

@Suite struct AptSourceTests {
    @Test func readsTheOneLineFormat() {
        let text = """
            # deb http://commented/ bookworm main
            deb http://mirror.example/debian bookworm main contrib # why
            deb-src http://mirror.example/debian bookworm main
            deb [arch=amd64 signed-by=/a.gpg] https://mirror.example/security/ bookworm-security main
            """
        #expect(
            AptSource.parse(list: text) == [
                AptSource(uri: "http://mirror.example/debian", suites: ["bookworm"], components: ["main", "contrib"]),
                AptSource(uri: "https://mirror.example/security/", suites: ["bookworm-security"], components: ["main"]),
            ])
    }

    @Test func readsTheDeb822Format() {
        let text = """
            Types: deb deb-src
            # a comment in between
            URIs: http://mirror.example/debian
            Suites: bookworm
             bookworm-updates
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb
            Enabled: no
            URIs: http://off.example/
            Suites: bookworm
            Components: main


            types: deb
            uris: http://mirror.example/debian-security
            suites: bookworm-security
            components: main
            """
        #expect(
            AptSource.parse(deb822: text) == [
                AptSource(
                    uri: "http://mirror.example/debian", suites: ["bookworm", "bookworm-updates"], components: ["main"]),
                AptSource(
                    uri: "http://mirror.example/debian-security", suites: ["bookworm-security"], components: ["main"]),
            ])
    }

    @Test func theMirrorOfTheMachineServesEverySuite() {
        let mirror = DebianMirror(sources: [
            AptSource(uri: "https://packages.example/apt", suites: ["cloud-sdk"], components: ["main"]),
            AptSource(uri: "file:///srv/debian", suites: ["bookworm"], components: ["main"]),
            AptSource(
                uri: "http://mirror.example/debian/", suites: ["bookworm", "bookworm-updates"], components: ["main"]),
            AptSource(uri: "http://mirror.example/sec", suites: ["bookworm-security"], components: ["main"]),
            AptSource(uri: "http://later.example/debian", suites: ["trixie"], components: ["main"]),
        ])
        #expect(
            mirror.lines(suite: "trixie") == [
                "deb http://mirror.example/debian trixie main", "deb http://mirror.example/debian trixie-updates main",
                "deb http://mirror.example/sec trixie-security main",
            ])
    }

    @Test func aMachineWithoutDebiansSourcesUsesThePublicMirror() {
        let other = AptSource(uri: "http://archive.ubuntu.example/ubuntu", suites: ["noble"], components: ["main"])
        #expect(DebianMirror(sources: [other]) == DebianMirror())
    }
}
