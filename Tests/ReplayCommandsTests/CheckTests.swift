import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// `replay check` as a user and a script see it.
@Suite("replay check")
struct CheckTests {
    private static let environment = ["REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps"]

    private func check(_ arguments: String..., in scratch: ScratchDirectory) async throws -> CommandRun.Result {
        try await CommandRun.run(
            [PackagePlaces.replay, "check"] + arguments, environment: Self.environment, directory: scratch.path.string)
    }

    @Test("a broken file among two hundred does not stop the others")
    func manyFiles() async throws {
        try await ScratchDirectory.with { scratch in
            for number in 1...200 {
                let text = number == 77 ? "FROM debian:12\nRUM true\n" : "FROM debian:12\nRUN true\n"
                try scratch.write(text, to: "service-\(number)/Dockerfile")
            }
            try scratch.write("no Dockerfile", to: "service-1/readme")
            let result = try await check(in: scratch)
            #expect(result.status == 2)
            #expect(result.errors.contains("200 files, 199 of them clean: 1 error, 0 warnings"), "\(result.errors)")
            #expect(result.output.hasPrefix("service-77/Dockerfile:2: error: InvalidDockerfile:"), "\(result.output)")
            let some = try await check("service-1*/Dockerfile", "service-2/Dockerfile", "service-2", in: scratch)
            #expect(some.status == 0)
            #expect(some.errors.contains("112 files, 112 of them clean"), "\(some.errors)")
        }
    }

    @Test("files are found by name, by directory and by pattern, and what is not there is said")
    func finding() async throws {
        try await ScratchDirectory.with { scratch in
            for name in [
                "a/Dockerfile", "a/b/Dockerfile.web", "a/b/c/app.dockerfile", "a/Containerfile", "a/x.dockerignore",
                ".hidden/Dockerfile", "other/file",
            ] { try scratch.write("FROM debian:12\nMAINTAINER me\n", to: name) }
            func files(_ arguments: String...) async throws -> [String] {
                let result = try await CommandRun.run(
                    [PackagePlaces.replay, "check", "--format", "json"] + arguments, environment: Self.environment,
                    directory: scratch.path.string)
                let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
                return report.files.map(\.path)
            }
            #expect(
                try await files() == ["a/Containerfile", "a/Dockerfile", "a/b/Dockerfile.web", "a/b/c/app.dockerfile"])
            #expect(
                try await files("a/*") == [
                    "a/Containerfile", "a/Dockerfile", "a/b/Dockerfile.web", "a/b/c/app.dockerfile", "a/x.dockerignore",
                ])
            #expect(try await files("**/Dockerfile") == ["a/Dockerfile"])
            #expect(try await files("a/[CD]o*file") == ["a/Containerfile", "a/Dockerfile"])
            #expect(try await files("other/file", "./other/file") == ["other/file"])
            for missing in ["nothing", "*.none", "other"] {
                let result = try await check(missing, in: scratch)
                #expect(result.status == 2, "\(missing)")
                #expect(result.errors.contains(missing))
            }
        }
    }

    private struct Report: Decodable {
        struct File: Decodable {
            struct Finding: Decodable {
                var rule: String
                var severity: String
                var firstLine: Int
                var hint: String
            }
            var path: String
            var findings: [Finding]
        }
        var files: [File]
        var errors: Int
        var warnings: Int
    }

    @Test("the status is 0 for warnings, 2 with --strict and for errors")
    func statuses() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nMAINTAINER me\n", to: "warning/Dockerfile")
            try scratch.write("FROM debian:12\nRUN apt-get purge -y sudo\n", to: "error/Dockerfile")
            try scratch.write("FROM debian:12\n", to: "clean/Dockerfile")
            let expected: [([String], Int32)] = [
                (["clean", "--strict"], 0), (["warning"], 0), (["warning", "--strict"], 2), (["error"], 2),
                (["."], 2), (["clean", "--format", "nonsense"], 2), (["clean", "--dry-run"], 2),
            ]
            for (arguments, status) in expected {
                let result = try await CommandRun.run(
                    [PackagePlaces.replay, "check"] + arguments, environment: Self.environment,
                    directory: scratch.path.string)
                #expect(result.status == status, "\(arguments): \(result.errors)")
            }
        }
    }

    @Test("the ignore file beside the Dockerfile counts")
    func ignored() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nCOPY secret /srv/\n", to: "Dockerfile")
            try scratch.write("secret\n", to: ".dockerignore")
            #expect(try await check("Dockerfile", in: scratch).output.contains("CopyIgnoredFile"))
        }
    }

    @Test("annotations for GitHub")
    func github() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nRUN apt-get purge -y \\\n  sudo\n", to: "a,b/Dockerfile")
            let result = try await check("--format", "github", in: scratch)
            #expect(
                result.output.hasPrefix(
                    "::error file=a%2Cb/Dockerfile,line=2,endLine=3,title=EssentialPackageRemoved::apt-get removes sudo"
                ),
                "\(result.output)")
        }
    }

    private static let python = PackagePlaces.root + "/.build/oracles/bin/python"
    private static let pythonIsMissing =
        !FileManager.default.isExecutableFile(atPath: python) && ProcessInfo.processInfo.environment["CI"] == nil

    @Test(
        "SARIF 2.1.0, read by a model of the standard",
        .disabled(if: pythonIsMissing, "the Python packages of Tests/Oracles are not installed: make deps-test"))
    func sarif() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12\nMAINTAINER me\nRUN modprobe x\n", to: "with space/Dockerfile")
            try scratch.write("FROM debian:12\nRUM x\n", to: "Dockerfile")
            let result = try await check("--format", "sarif", in: scratch)
            try scratch.write(result.output, to: "report.sarif")
            let program = """
                import json, sys
                from urllib.parse import unquote
                from sarif_pydantic import Sarif
                text = open(sys.argv[1]).read()
                log = Sarif.model_validate_json(text)
                raw = json.loads(text)
                assert raw["version"] == "2.1.0" and raw["$schema"].endswith("sarif-2.1.0.json")
                rules = raw["runs"][0]["tool"]["driver"]["rules"]
                for result in raw["runs"][0]["results"]:
                    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
                for result in log.runs[0].results:
                    place = result.locations[0].physical_location
                    print(result.rule_id, result.level.value, unquote(place.artifact_location.uri),
                          place.region.start_line, place.region.end_line)
                """
            let read = try await CommandRun.run([Self.python, "-c", program, scratch("report.sarif").string])
            #expect(
                read.output == """
                    InvalidDockerfile error Dockerfile 2 2
                    MaintainerDeprecated warning with space/Dockerfile 2 2
                    KernelStateChanged warning with space/Dockerfile 3 3

                    """, "\(read.errors)")
        }
    }

    @Test("--fix repairs in place, --fix --dry-run shows the difference and changes nothing")
    func fixing() async throws {
        try await ScratchDirectory.with { scratch in
            let text = "FROM debian:12\nrun true\nRUN true\nENV A b c\n"
            try scratch.write(text, to: "real/file")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o640], ofItemAtPath: scratch("real/file").string)
            try FileManager.default.createSymbolicLink(
                atPath: scratch("Dockerfile").string, withDestinationPath: "real/file")
            let shown = try await check("Dockerfile", "--fix", "--dry-run", in: scratch)
            for line in ["--- a/Dockerfile", "+++ b/Dockerfile", "-run true", "+RUN true", "+ENV A=\"b c\""] {
                #expect(shown.output.contains(line + "\n"), "\(shown.output)")
            }
            #expect(try String(contentsOfFile: scratch("real/file").string, encoding: .utf8) == text)
            let fixed = try await check("Dockerfile", "--fix", "--strict", in: scratch)
            #expect(fixed.status == 0, "\(fixed.output)\(fixed.errors)")
            let result = try String(contentsOfFile: scratch("real/file").string, encoding: .utf8)
            #expect(result == "FROM debian:12\nRUN true\nRUN true\nENV A=\"b c\"\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch("real/file").string)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: scratch("Dockerfile").string)) != nil)
        }
    }
}
