import DockerfileLanguage
import Testing

/// No input takes long, much memory or a deep stack.
@Suite struct LimitTests {
    private func error(_ text: String) -> DockerfileError? {
        do throws(DockerfileError) {
            _ = try DockerfileParser.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func linesMayHave65535Bytes() {
        let line = "RUN " + String(repeating: "x", count: 65_531)
        #expect(error("FROM a\n\(line)\n") == nil)
        #expect(error("FROM a\n\(line)y\n")?.code == .limit)
        #expect(error("FROM a\n\(line)y\n")?.ranges == [SourceRange(line: 2)])
    }

    @Test func aVariableThatDoublesItselfEndsWithAnError() throws {
        let expander = WordExpander()
        var value = "x"
        let error = #expect(throws: DockerfileError.self) {
            while true { value = try expander.expand("$A$A", lookup: { _ in value }).text }
        }
        #expect(error?.code == .limit)
        #expect(value.utf8.count <= expander.maximumGrowth + 4)
    }

    @Test(arguments: ["${A//a/$A}", "\"$A$A$A$A\"", "${U:-$A$A$A$A}", "${A//?/${A}${A}}"])
    func everyWayToGrowIsLimited(_ word: String) {
        let value = String(repeating: "a", count: 400_000)
        let error = #expect(throws: DockerfileError.self) {
            try WordExpander().expand(word, lookup: { $0 == "A" ? value : nil })
        }
        #expect(error?.code == .limit)
    }

    @Test func nestingIsLimited() {
        let word = String(repeating: "${A:-", count: 5000) + String(repeating: "}", count: 5000)
        let error = #expect(throws: DockerfileError.self) { try WordExpander().expand(word, lookup: { _ in nil }) }
        #expect(error?.code == .limit)
        #expect(self.error("FROM a\n" + String(repeating: "ONBUILD ", count: 5000) + "RUN x\n") != nil)
        #expect(self.error("FROM a\nRUN " + String(repeating: "[", count: 50_000) + "\n") == nil)
    }

    /// Twice the input takes about twice the time; quadratic work would take four times as long and much more.
    @Test(arguments: [
        "RUN apt-get install -y $x \\\n", "ENV a=b \\\n", "# comment\n", "COPY --from=x a <<E /c/\nE\n",
        "RUN <<E\nx\nE\n",
        "ONBUILD RUN x\n", "FROM a AS b\n", "RUN [\"a\", \\\n", "LABEL a=\"b\\\"c\" d='e'\n", "\n",
    ])
    func timeGrowsWithTheInput(_ piece: String) {
        let clock = ContinuousClock()
        func time(_ count: Int) -> Duration {
            let text = Array(("FROM a\n" + String(repeating: piece, count: count)).utf8)
            return clock.measure { _ = try? DockerfileParser.parse(text) }
        }
        let small = (0..<3).map { _ in time(1000) }.min() ?? .zero
        let large = time(16_000)
        #expect(large < small * 80 + .milliseconds(200), "\(small) for 1000, \(large) for 16000")
    }

    @Test func randomBytesNeitherCrashNorHang() {
        var generator = SeededGenerator(seed: 42)
        let pieces = [
            "FROM a", "RUN ", "COPY ", "ENV ", "ARG ", "ONBUILD ", "HEALTHCHECK ", "<<E", "E", "\\", "`", "\n", "\n",
            "\r\n",
            "\"", "'", "$", "${", "}", "[", "]", ",", "=", "#", "# escape=`", "--", "--mount=", " ", "\t", "é",
            "\u{A0}",
        ].map { Array($0.utf8) }
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<40, using: &generator) {
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                } else {
                    bytes += pieces.randomElement(using: &generator) ?? []
                }
            }
            let source = SourceText(bytes)
            do throws(DockerfileError) {
                let file = try DockerfileParser.parse(bytes)
                #expect(file.stages.allSatisfy { $0.lines.last <= source.lineCount })
            } catch {
                #expect(error.ranges.allSatisfy { $0.first >= 1 && $0.last <= source.lineCount }, "\(bytes)")
                #expect(!error.rendered(in: source, file: "Dockerfile").isEmpty)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? WordExpander().words(text, lookup: { $0 == "a" ? "b c" : nil })
            _ = try? IgnorePatterns(parsing: bytes).ignores("a/b/FROM a")
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
