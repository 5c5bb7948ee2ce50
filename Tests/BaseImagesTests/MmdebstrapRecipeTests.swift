import Basemaps
import Foundation
import ReplayTestSupport
import Subprocess
import SystemPackage
import Testing

@testable import BaseImages

@Suite struct MmdebstrapRecipeTests {
    static let recipe = MmdebstrapRecipe(
        source: RecipeSource(tool: "mmdebstrap", suite: "bookworm", packages: ["b", "a"]), architecture: "amd64")

    @Test func theInputsDoNotDependOnTheOrderOfThePackages() {
        var other = Self.recipe.source
        other.packages = ["a", "b"]
        #expect(MmdebstrapRecipe(source: other, architecture: "amd64").inputs == Self.recipe.inputs)
        other.suite = "trixie"
        #expect(MmdebstrapRecipe(source: other, architecture: "amd64").inputs != Self.recipe.inputs)
    }

    @Test func theScriptGetsOptionsAndSources() {
        let arguments = Self.recipe.scriptArguments(
            uuid: "U", mirror: DebianMirror(), aptOptions: ["Acquire::http::Proxy \"http://proxy:3128/\";"])
        #expect(
            arguments == [
                "U", "bookworm", "--variant=minbase", "--mode=root", "--format=directory", "--architectures=amd64",
                "--include=b,a", "--aptopt=Acquire::http::Proxy \"http://proxy:3128/\";", "--",
                "deb http://deb.debian.org/debian bookworm main",
                "deb http://deb.debian.org/debian bookworm-updates main",
                "deb http://deb.debian.org/debian-security bookworm-security main",
            ])
    }

    @Test(arguments: [true, false])
    func theScriptRunsInNamespacesOfItsOwn(asRoot: Bool) {
        let command = Self.recipe.command(work: "/w", asRoot: asRoot, scriptArguments: ["x y"])
        #expect(command.starts(with: asRoot ? ["unshare"] : ["sudo", "-n", "unshare"]))
        #expect(command.contains("--kill-child"))
        #expect(command.suffix(3) == ["replay-recipe", "/w", "x y"])
    }

    @Test(
        arguments: [
            ("replay: configure", "configure"),
            ("I: installing essential packages...", "installing essential packages"),
            ("I: success in 51.5 seconds", nil), ("Get:1 http://x", nil),
        ] as [(String, String?)])
    func linesThatAreNewsAreTold(line: String, news: String?) {
        #expect(MmdebstrapRecipe.news(in: line) == news)
    }

    @Test func aShellReadsTheScript() async throws {
        let answer = try await LineRunner.run(["sh", "-n", "-c", RecipeScript.text]) { _ in }
        #expect(answer.succeeded, "\(answer.lines)")
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/shellcheck"), "needs shellcheck"))
    func shellcheckFindsNothing() async throws {
        try await ScratchDirectory.with { scratch in
            let file = try scratch.write("#!/bin/sh\n" + RecipeScript.text + "\n", to: "recipe.sh")
            let answer = try await LineRunner.run(["shellcheck", file.string]) { _ in }
            #expect(answer.succeeded, "\(answer.lines.joined(separator: "\n"))")
        }
    }

    @Test func theGuestsConfigurationNamesTheSeedsDataSource() {
        #expect(RecipeScript.cloudConfiguration.hasPrefix("datasource_list: [ NoCloud, None ]\n"))
        for module in ["growpart", "resizefs", "users-groups", "ssh", "write-files", "runcmd", "scripts-user"] {
            #expect(RecipeScript.cloudConfiguration.contains(module))
        }
    }

    @Test(.enabled(if: RecipePrerequisites.isRoot, "needs root for namespaces"))
    func whenTheCallerIsGoneTheRecipeEnds() async throws {
        let script = "set -e\n" + RecipeScript.lifeline + "\necho begun; sleep 60 & sleep 60; echo survived"
        let result = try await Subprocess.run(
            .name("unshare"), arguments: Arguments(MmdebstrapRecipe.isolation.dropFirst() + ["sh", "-c", script]),
            input: .inputWriter, output: .sequence, error: .combinedWithOutput
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                if line == "begun" { try await execution.standardInputWriter.finish() }
            }
            return lines
        }
        #expect(result.closureResult.first == "begun")
        #expect(!result.closureResult.contains("survived"))
        #expect(!result.terminationStatus.isSuccess)
    }

    @Test func aProgramThatIsCancelledEnds() async throws {
        let (started, signal) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            try await LineRunner.run(["sh", "-c", "echo $$; exec sleep 60"]) { signal.yield($0) }
        }
        var number = ""
        for await line in started {
            number = line
            break
        }
        let clock = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - clock < .seconds(10))
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(number)"))
    }
}
