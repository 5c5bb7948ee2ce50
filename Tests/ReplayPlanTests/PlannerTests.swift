import Basemaps
import DockerfileLanguage
import Foundation
import ReplayPlan
import Testing

@Suite struct PlannerTests {
    static func planner(_ text: String, _ options: PlanOptions = PlanOptions(platform: amd64)) throws -> Planner {
        try Planner(try DockerfileParser.parse(text), options: options)
    }

    @Test func theBaseOfTheTargetsChainIsKnownBeforeItIsResolved() throws {
        let text = """
            ARG TAG=12
            FROM golang:1 AS unused
            FROM --platform=$TARGETPLATFORM debian:$TAG AS base
            FROM base AS middle
            FROM middle
            """
        let planner = try Self.planner(text, PlanOptions(buildArguments: ["TAG": "13"], platform: amd64))
        #expect(planner.baseReference.reference == "debian:13")
        #expect(planner.baseReference.platform == amd64)
        #expect(planner.baseReference.lines == LineRange(first: 3, last: 3))
        let other = try Self.planner(text, PlanOptions(target: "unused", platform: amd64))
        #expect(other.baseReference.reference == "golang:1")
        #expect(other.baseReference.platform == nil)
    }

    static let context = ContextManifest(entries: [
        "a": ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 1),
        "b": ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 1),
        "d": ContextEntry(kind: .directory, mode: 0o755, modified: 1),
        "d/c": ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 1),
        "d/l": ContextEntry(kind: .symbolicLink(target: "../a"), mode: 0o777, modified: 1),
        "unused": ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 1),
    ])

    @Test func onlyWhatIsCopiedNeedsDigestsAndOnlyWhatIsAddedIsLookedInto() throws {
        let planner = try Self.planner("FROM debian:12\nCOPY d /d\nCOPY d/c d/l /x/\nADD b /y/\nADD d /z\n")
        let needs = try planner.contextNeeds(base: base("debian:12"), manifest: Self.context)
        #expect(needs == ContextNeeds(archiveCandidates: ["b"], digests: ["d/c", "a", "b"]))
        let error = #expect(throws: PlanError.self) {
            try planner.plan(base: base("debian:12"), manifest: Self.context)
        }
        #expect(error?.code == .incompleteManifest)
        var complete = Self.context
        for path in needs.digests { complete.note(digest: "sha256:\(path)", of: path) }
        for path in needs.archiveCandidates { complete.note(isArchive: true, of: path) }
        #expect(try planner.contextNeeds(base: base("debian:12"), manifest: complete).isEmpty)
        let plan = try planner.plan(base: base("debian:12"), manifest: complete)
        guard case .copy(let add) = plan.steps[2].action else {
            Issue.record("the third step is no copy")
            return
        }
        #expect(add.sources == [.archive(path: "b")])
    }

    /// The digests of the steps of a two-step Dockerfile, with one thing changed.
    static func digests(
        _ text: String = "FROM debian:12\nRUN one\nCOPY a d /x/\nRUN two\n",
        options: PlanOptions = PlanOptions(platform: amd64), row: String = "debian:12",
        _ change: (inout [String: ContextEntry]) -> Void = { _ in }
    ) throws -> [String] {
        var entries = Dictionary(uniqueKeysWithValues: context.items.map { ($0.path, $0.entry) })
        for path in entries.keys { entries[path]?.digest = "sha256:\(path)" }
        change(&entries)
        var resolved = base("debian:12")
        resolved.row = row
        return try planner(text, options).plan(base: resolved, manifest: ContextManifest(entries: entries))
            .steps.map(\.digest)
    }

    @Test func digestsDependOnWhatTheResultDependsOn() throws {
        let usual = try Self.digests()
        #expect(Set(usual).count == 3)
        #expect(usual.allSatisfy { $0.hasPrefix("sha256:") && $0.utf8.count == 71 })
        let same = { (other: [String]) in zip(usual, other).prefix { $0 == $1 }.count }
        #expect(try same(Self.digests()) == 3)
        #expect(try same(Self.digests(row: "debian:13")) == 0)
        #expect(try same(Self.digests { $0["a"]?.digest = "sha256:other" }) == 1)
        #expect(try same(Self.digests { $0["d/c"]?.mode = 0o755 }) == 1)
        #expect(try same(Self.digests { $0["d/l"]?.kind = .symbolicLink(target: "../b") }) == 1)
        #expect(try same(Self.digests { $0["d/new"] = $0["d/c"] }) == 1)
        #expect(try same(Self.digests("FROM debian:12\nRUN one\nCOPY a d /y/\nRUN two\n")) == 1)
        #expect(try same(Self.digests("FROM debian:12\nRUN one\nCOPY --chown=1 a d /x/\nRUN two\n")) == 1)
        #expect(try same(Self.digests("FROM debian:12\nRUN one\nCOPY --chmod=1 a d /x/\nRUN two\n")) == 1)
        #expect(try same(Self.digests("FROM debian:12\nRUN one\nENV A=1\nCOPY a d /x/\nRUN two\n")) == 2)
        #expect(try same(Self.digests("FROM debian:12\nUSER u\nRUN one\nCOPY a d /x/\nRUN two\n")) == 0)
    }

    @Test func digestsDoNotDependOnAnythingElse() throws {
        let usual = try Self.digests()
        #expect(try Self.digests { $0["a"]?.modified = 99 } == usual)
        #expect(try Self.digests { $0["unused"]?.digest = "sha256:other" } == usual)
        #expect(try Self.digests { $0["new"] = $0["a"] } == usual)
        let proxy = PlanOptions(buildArguments: ["http_proxy": "http://p:1", "UNDECLARED": "x"], platform: amd64)
        #expect(try Self.digests(options: proxy) == usual)
        #expect(try Self.digests("# hi\nFROM debian:12 AS x\n\nRUN one\ncopy a d /x/\nLABEL a=b\nRUN two\n") == usual)
        #expect(try Self.digests("FROM debian:12 AS x\nRUN one\nFROM x\nCOPY ./a d/ /x/\nRUN two\n") == usual)
    }

    /// One build written in many ways: the operations are the same.
    @Test(arguments: [
        "FROM debian:12\nENV A=1 B=2\nWORKDIR /w\nCOPY a b ./\nRUN echo $A\n",
        "from debian:12\nenv A=1 B=2\nworkdir /w\ncopy a b ./\nrun echo $A\n",
        "# escape=`\nFROM debian:12\nENV A=1 `\n B=2\nWORKDIR /w\nCOPY a b ./\nRUN echo $A\n",
        "FROM debian:12\nENV A=1\nENV B=2\nWORKDIR /w\nCOPY [\"a\", \"b\", \"./\"]\nRUN [\"/bin/sh\", \"-c\", \"echo $A\"]\n",
        "ARG T=12\nFROM debian:${T} AS s\nENV A 1\nENV B 2\nFROM s\nWORKDIR /w\nCOPY a b /w/\nRUN echo $A",
    ]) func equalDockerfilesMakeEqualSteps(_ text: String) throws {
        let steps = try Self.digests(text)
        #expect(try steps == Self.digests("FROM debian:12\nENV A=1 B=2\nWORKDIR /w\nCOPY a b ./\nRUN echo $A\n"))
    }

    @Test func aPlanSurvivesItsTextForm() throws {
        let text = "FROM debian:12\nRUN <<E\n#!/bin/sh\nE\nWORKDIR /w\nCOPY <<f /x\n1\nf\nHEALTHCHECK CMD x\n"
        let plan = try plan(text)
        #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
    }

    @Test func aFileIsTakenByItsBytesNotByUnicodesEquality() throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        let digest = "sha256:x"
        let manifest = ContextManifest(
            items: [composed, decomposed].map {
                ContextManifest.Item(
                    path: $0, entry: ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 0, digest: digest))
            })
        let plan = try plan("FROM debian:12\nCOPY \(decomposed) /x\n", manifest: manifest)
        guard case .copy(let copy) = plan.steps[0].action, case .file(let path, _) = copy.sources[0] else {
            Issue.record("the step copies no file")
            return
        }
        #expect(Array(path.utf8) == Array(decomposed.utf8))
        let only = ContextManifest(items: [manifest.items[1]])
        let other = only.items[0].path.utf8.elementsEqual(composed.utf8) ? decomposed : composed
        #expect(throws: PlanError.self) {
            try ReplayPlanTests.plan("FROM debian:12\nCOPY \(other) /x\n", manifest: only)
        }
    }

    /// A value that doubles itself, and one that was doubled for a while and is then used very often.
    @Test(arguments: [
        String(repeating: "ENV A=$A$A\n", count: 60),
        String(repeating: "ENV A=$A$A\n", count: 18) + (0..<400).map { "ENV B\($0)=$A\n" }.joined(),
        String(repeating: "ENV A=$A$A\n", count: 18) + String(repeating: "LABEL a=$A\n", count: 400),
    ]) func expansionIsCapped(_ lines: String) throws {
        let error = #expect(throws: PlanError.self) { try plan("FROM debian\nENV A=xy\n" + lines) }
        #expect(error?.code == .dockerfile)
        #expect(error?.lines.count == 1)
    }

    @Test func manyFilesAndManyStepsArePlannedInTime() throws {
        let items = (0..<20_000).map { number in
            ContextManifest.Item(
                path: "d\(number % 100)/file-\(number)",
                entry: ContextEntry(kind: .file(size: 1), mode: 0o644, modified: 0, digest: "sha256:x"))
        }
        let directories = (0..<100).map {
            ContextManifest.Item(path: "d\($0)", entry: ContextEntry(kind: .directory, mode: 0o755, modified: 0))
        }
        let manifest = ContextManifest(items: items + directories)
        let text =
            "FROM debian:12\nCOPY . /a\nCOPY d*/file-1* /b/\n"
            + (0..<5000).map { "ENV E\($0 % 50)=x\nRUN \($0)\n" }.joined()
        let clock = ContinuousClock()
        var steps = 0
        let time = try clock.measure { steps = try plan(text, manifest: manifest).steps.count }
        #expect(steps == 5002)
        #expect(time < .seconds(30), "planning took \(time)")
        print("planned 20,000 files and 10,000 instructions in \(time)")
    }
}
