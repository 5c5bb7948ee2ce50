import DockerfileChecks
import DockerfileLanguage
import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

@Suite struct FixingTests {
    private func fixed(_ text: String) -> String {
        String(decoding: DockerfileFixer.fixed(Array(text.utf8)) { checker.check($0) }, as: UTF8.self)
    }

    @Test(arguments: [
        ("FROM debian:12 AS Base\n", "FROM debian:12 AS base\n"),
        ("from debian:12 As Base\nrun x\n", "from debian:12 as base\nrun x\n"),
        ("FROM debian:12\nrun x\nRUN y\n", "FROM debian:12\nRUN x\nRUN y\n"),
        ("FROM debian:12\nRUN a \\\n\n  \t\n b\n", "FROM debian:12\nRUN a \\\n b\n"),
        ("FROM debian:12\r\nENV A b c\r\n", "FROM debian:12\r\nENV A=\"b c\"\r\n"),
        ("FROM debian:12\nENV A $PATH:/x\n", "FROM debian:12\nENV A=$PATH:/x\n"),
        ("FROM debian:12\nENV A \"b\" c\n", "FROM debian:12\nENV A \"b\" c\n"),
        ("FROM debian:12\n  LABEL a b=c\n", "FROM debian:12\n  LABEL a=b=c\n"),
        (
            "FROM debian:12\nMAINTAINER J \"$\" D\n",
            "FROM debian:12\nLABEL org.opencontainers.image.authors=\"J \\\"\\$\\\" D\"\n"
        ),
        ("FROM debian:12\nCMD nginx -g x\n", "FROM debian:12\nCMD [\"nginx\", \"-g\", \"x\"]\n"),
        ("FROM debian:12\nCMD exec nginx\n", "FROM debian:12\nCMD exec nginx\n"),
        ("FROM debian:12\nCMD nginx && x\n", "FROM debian:12\nCMD nginx && x\n"),
        (
            "FROM debian:12\nENTRYPOINT [\"/e\"]\nCMD nginx -g x\n",
            "FROM debian:12\nENTRYPOINT [\"/e\"]\nCMD nginx -g x\n"
        ),
        ("FROM debian:12\nEXPOSE 80/TCP 90-91/Udp 7/tcp\n", "FROM debian:12\nEXPOSE 80/tcp 90-91/udp 7/tcp\n"),
        ("FROM --platform=$TARGETPLATFORM debian:12\n", "FROM debian:12\n"),
        (
            "FROM debian:12\nRUN x && rm /etc/apt/apt.conf.d/docker-clean\n",
            "FROM debian:12\nRUN x && rm -f /etc/apt/apt.conf.d/docker-clean\n"
        ),
        ("FROM debian:12\nRUN true", "FROM debian:12\nRUN true"),
    ]) func repairs(_ text: String, _ expected: String) {
        #expect(fixed(text) == expected)
        #expect(fixed(expected) == expected)
    }

    @Test func whatIsNoTextIsLeftAlone() {
        let bytes: [UInt8] = Array("FROM debian:12\nrun x\nRUN ".utf8) + [0xff, 0x0a]
        #expect(DockerfileFixer.fixed(bytes) { checker.check($0) } == bytes)
    }

    /// patch(1) makes the repaired text of the old one and the difference.
    @Test func theDifferenceIsOneThatPatchReads() async throws {
        let scratch = try ScratchDirectory()
        let old = (1...30).map { $0 % 7 == 0 ? "run \($0)" : "RUN \($0)" }.joined(separator: "\n")
        for (text, number) in zip(["FROM debian:12\n\(old)", "FROM debian:12 AS X\n\(old)\nENV A b\n"], 0...) {
            let new = fixed(text)
            let difference = UnifiedDiff.text(from: Array(text.utf8), to: Array(new.utf8), path: "f\(number)")
            try scratch.write(text, to: "f\(number)")
            try scratch.write(difference, to: "f\(number).diff")
            let result = try await CommandRun.run(
                ["patch", "-p1", "-i", "f\(number).diff"], directory: scratch.path.string)
            #expect(result.status == 0, "\(result.output)\(difference)")
            #expect(try String(contentsOfFile: scratch("f\(number)").string, encoding: .utf8) == new)
        }
        #expect(UnifiedDiff.text(from: [1], to: [1], path: "x").isEmpty)
    }
}
