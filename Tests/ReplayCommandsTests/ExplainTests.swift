import Foundation
import ReplayTestSupport
import SystemPackage
import Testing

/// `replay explain` as a user sees it, its page in a browser included.
@Suite("replay explain")
struct ExplainTests {
    private static let environment = ["REPLAY_BASEMAPS": PackagePlaces.root + "/basemaps"]
    private static let sample = PackagePlaces.root + "/samples/python-app"

    private func explain(_ arguments: String...) async throws -> CommandRun.Result {
        try await CommandRun.run([PackagePlaces.replay, "explain"] + arguments, environment: Self.environment)
    }

    private struct Explained: Decodable {
        struct Line: Decodable {
            var firstLine: Int
            var kind: String
            var step: Int?
        }
        var isReplayable: Bool
        var stepCount: Int
        var service: String?
        var lines: [Line]
    }

    @Test("the steps are those of the plan, at the same lines")
    func steps() async throws {
        for sample in ["python-app", "nginx", "node-image"] {
            let directory = PackagePlaces.root + "/samples/" + sample
            let explained = try JSONDecoder().decode(
                Explained.self, from: Data(try await explain(directory, "--json").output.utf8))
            let planned = try await CommandRun.run(
                [PackagePlaces.replay, "plan", directory, "--json"], environment: Self.environment)
            let plan = try JSONSerialization.jsonObject(with: Data(planned.output.utf8)) as? [String: Any]
            let steps = (plan?["steps"] as? [[String: Any]]) ?? []
            let lines = steps.compactMap { ($0["lines"] as? [String: Int])?["first"] }
            #expect(!lines.isEmpty)
            #expect(explained.isReplayable)
            #expect(explained.stepCount == lines.count)
            #expect(explained.lines.filter { $0.step != nil }.map(\.firstLine) == lines)
            #expect(explained.lines.compactMap(\.step) == Array(1...lines.count))
        }
    }

    @Test("text, JSON and a page; the status tells what cannot be replayed")
    func forms() async throws {
        let text = try await explain(Self.sample)
        #expect(text.status == 0, "\(text.errors)")
        for piece in ["step 1", "replay-app.service: python3 app.py, as app", "replay-app-health.timer", "differs"] {
            #expect(text.output.contains(piece), "\(text.output)")
        }
        try await ScratchDirectory.with { scratch in
            try scratch.write("FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /x /y\n", to: "Dockerfile")
            let refused = try await explain(scratch.path.string)
            #expect(refused.status == 2)
            #expect(refused.output.contains("NotReplayable"))
            try scratch.write("FROM debian:12\nRUM x\n", to: "Dockerfile")
            let broken = try await explain(scratch.path.string)
            #expect(broken.status == 2)
            #expect(broken.output.isEmpty)
            #expect(broken.errors.contains("InvalidDockerfile"))
        }
    }

    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    private static let browserIsMissing = browser == nil && ProcessInfo.processInfo.environment["CI"] == nil

    @Test(
        "the page needs nothing else, and a browser lays it out for screen and paper",
        .disabled(if: browserIsMissing, "chromium is not installed: make deps-test"))
    func page() async throws {
        try await ScratchDirectory.with { scratch in
            let dockerfile = """
                FROM debian:12
                RUN echo "<script>document.title='broken'</script>" && apt-get purge -y sudo
                ENV TITLE="a & b"
                CMD ["nginx", "-g", "daemon off;"]

                """
            try scratch.write(dockerfile, to: "Dockerfile")
            let page = scratch("page.html").string
            let result = try await explain(scratch.path.string, "--html", page)
            #expect(result.status == 2)
            #expect(result.output.isEmpty)
            let html = try String(contentsOfFile: page, encoding: .utf8)
            for outside in ["<script", "<link", "<img", "src=", "url(", "@import"] { #expect(!html.contains(outside)) }

            let dom = try await browse(["--dump-dom", "file://\(page)"], in: scratch)
            #expect(dom.contains("<title>\(scratch.path.string)/Dockerfile on a machine</title>"), "\(dom.prefix(600))")
            #expect(dom.components(separatedBy: "<tr class=").count - 1 == 4)
            #expect(dom.contains("EssentialPackageRemoved"))

            _ = try await browse(
                ["--no-pdf-header-footer", "--print-to-pdf=\(scratch("page.pdf").string)", "file://\(page)"],
                in: scratch)
            let pdf = try Data(contentsOf: URL(filePath: scratch("page.pdf").string))
            #expect(pdf.starts(with: Data("%PDF-".utf8)))
            #expect(pdf.count > 10_000)

            // A narrow window too: nothing may be wider than it.
            let probe = html.replacing(
                "</body>",
                with:
                    "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script></body>"
            )
            try scratch.write(probe, to: "probe.html")
            let narrow = try await browse(
                ["--window-size=500,900", "--dump-dom", "file://\(scratch("probe.html").string)"], in: scratch)
            let title = narrow.components(separatedBy: "<title>").dropFirst().first?.prefix { $0 != "<" } ?? ""
            let widths = title.components(separatedBy: " of ").compactMap { Int($0) }
            try #require(widths.count == 2, "\(title)")
            #expect(widths[0] <= widths[1])
        }
    }

    /// What the browser writes.
    private func browse(_ arguments: [String], in scratch: ScratchDirectory) async throws -> String {
        let browser = try #require(Self.browser, "chromium is not installed: make deps-test")
        let result = try await CommandRun.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--user-data-dir=\(scratch("profile").string)",
            ] + arguments,
            environment: ["HOME": scratch.path.string])
        try #require(result.status == 0, "\(result.errors)")
        return result.output
    }
}
