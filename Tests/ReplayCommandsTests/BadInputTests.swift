import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// What a user reads and what a script sees when the input is wrong. No machine is made.
@Suite("Bad input on the command line")
struct BadInputTests {
    /// A Dockerfile, the files beside it, and what must be said about them.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var dockerfile: String?
        var files: [String: String] = [:]
        var arguments: [String] = []
        var status: Int32 = 2
        var says: [String]

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "missing", dockerfile: nil, says: ["Dockerfile", "cannot be read"]),
        Case(name: "empty", dockerfile: "", says: ["empty"]),
        Case(name: "comments only", dockerfile: "# nothing\n", says: ["no instructions"]),
        Case(
            name: "unknown instruction", dockerfile: "FROM debian:12\nRUM true\n",
            says: ["Dockerfile:2", "RUM", "RUN", "| RUM true", "^"]),
        Case(
            name: "unknown flag", dockerfile: "FROM debian:12\nCOPY --form=x a /b\n",
            says: ["Dockerfile:2", "--form", "from", "^"]),
        Case(
            name: "unterminated heredoc", dockerfile: "FROM debian:12\nRUN <<EOF\ntrue\n",
            says: ["heredoc", "Dockerfile:2"]),
        Case(
            name: "unknown base", dockerfile: "FROM nobody/nothing:7\n", status: 3,
            says: ["nobody/nothing:7", "Dockerfile:1", "--basemap"]),
        Case(
            name: "other platform", dockerfile: "FROM --platform=linux/s390x debian:12\n",
            says: ["linux/s390x", "Dockerfile:1"]),
        Case(
            name: "other platform, asked for", dockerfile: "FROM debian:12\n",
            arguments: ["--platform", "linux/s390x"], says: ["s390x"]),
        Case(
            name: "source missing", dockerfile: "FROM debian:12\nCOPY here there /x/\n", files: ["here": "1"],
            says: ["Dockerfile:2", "there"]),
        Case(
            name: "source outside", dockerfile: "FROM debian:12\nCOPY ../../etc/hostname /x\n",
            says: ["Dockerfile:2", "etc/hostname"]),
        Case(
            name: "source ignored", dockerfile: "FROM debian:12\nCOPY secret /x\n",
            files: ["secret": "1", ".dockerignore": "secret\n"],
            says: ["Dockerfile:2", "secret"]),
        Case(
            name: "copy from stage", dockerfile: "FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /x /y\n",
            says: ["Dockerfile:3", "--from"]),
        Case(
            name: "run mount", dockerfile: "FROM debian:12\nRUN --mount=type=cache,target=/c true\n",
            says: ["Dockerfile:2", "--mount"]),
        Case(
            name: "add url", dockerfile: "FROM debian:12\nADD http://u:secret@127.0.0.1:1/f /f\n",
            says: ["Dockerfile:2", "ADD http://127.0.0.1:1/f cannot be fetched"]),
        Case(
            name: "from scratch", dockerfile: "FROM scratch\nCOPY a /a\n", files: ["a": "1"],
            says: ["scratch", "Dockerfile:1"]),
        Case(name: "unknown target", dockerfile: "FROM debian:12\n", arguments: ["--target", "zz"], says: ["zz"]),
        Case(
            name: "unknown cloud", dockerfile: "FROM debian:12\n", arguments: ["--cloud", "moon"], status: 2,
            says: ["moon"]),
        Case(name: "bad tag", dockerfile: "FROM debian:12\n", arguments: ["-t", "UPPER CASE"], says: ["UPPER CASE"]),
        Case(
            name: "nameless build argument", dockerfile: "FROM debian:12\n", arguments: ["--build-arg", "=x"],
            says: ["--build-arg"]),
    ]

    @Test("each says what is wrong, where, and ends with its status", arguments: cases)
    func badInput(_ example: Case) async throws {
        try await ScratchDirectory.with { scratch in
            let context = scratch("context").string
            try FileManager.default.createDirectory(atPath: context, withIntermediateDirectories: false)
            var files = example.files
            files["Dockerfile"] = example.dockerfile
            for (name, text) in files {
                try text.write(toFile: "\(context)/\(name)", atomically: false, encoding: .utf8)
            }
            let home = scratch("home").string
            let result = try await CommandRun.run(
                [PackagePlaces.replay, "build", context, "--progress", "plain"] + example.arguments,
                environment: ["REPLAY_HOME": home, "REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps"])
            #expect(result.status == example.status, "\(result.errors)")
            for text in example.says { #expect(result.errors.contains(text), "\(result.errors)") }
            #expect(result.output.isEmpty)
            let builds = try? FileManager.default.contentsOfDirectory(atPath: home + "/builds")
            #expect((builds ?? []).isEmpty, "nothing was begun")
        }
    }

    @Test("QEMU that is not installed is named with the way to get it, and nothing is begun")
    func noQEMU() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\n", to: "Dockerfile")
            let result = try await CommandRun.run(
                [
                    "/usr/bin/env", "PATH=\(scratch("bin").string)", PackagePlaces.replay, scratch.path.string,
                    "--progress", "plain",
                ],
                environment: [
                    "REPLAY_HOME": scratch("home").string, "REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps",
                ])
            #expect(result.status == 4, "\(result.errors)")
            #expect(result.errors.contains("qemu-system"), "\(result.errors)")
            #expect(result.errors.contains("apt"), "\(result.errors)")
        }
    }

    @Test("usage errors end with status 2, help and version with 0")
    func usage() async throws {
        let expected: [([String], Int32)] = [
            (["--nonsense"], 2), (["template", "nonsense"], 2), (["--help"], 0), (["--version"], 0),
            (["template", "run", "x"], 2),
            (["/no/such/place"], 2), (["template", "run", "--help"], 0),
        ]
        for (arguments, status) in expected {
            try await ScratchDirectory.with { scratch in
                let result = try await CommandRun.run(
                    [PackagePlaces.replay] + arguments, environment: ["REPLAY_HOME": scratch("home").string])
                #expect(result.status == status, "\(arguments): \(result.errors)")
            }
        }
    }

    @Test("plan prints the steps and touches nothing")
    func plan() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write(
                "FROM debian:12\nENV A=1\nRUN echo $A\nWORKDIR /srv\nCOPY Dockerfile .\n", to: "Dockerfile")
            let environment = [
                "REPLAY_HOME": scratch("home").string, "REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps",
            ]
            let text = try await CommandRun.run(
                [PackagePlaces.replay, "plan", scratch.path.string], environment: environment)
            #expect(text.status == 0, "\(text.errors)")
            for line in ["RUN echo 1", "WORKDIR /srv", "COPY Dockerfile ."] { #expect(text.output.contains(line)) }
            let json = try await CommandRun.run(
                [PackagePlaces.replay, "plan", scratch.path.string, "--json"], environment: environment)
            let plan = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect((plan?["steps"] as? [Any])?.count == 3)
            #expect(!FileManager.default.fileExists(atPath: scratch("home").string), "nothing is touched")
        }
    }
}
