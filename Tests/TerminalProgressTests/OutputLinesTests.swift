import Testing

@testable import TerminalProgress

@Suite struct OutputLinesTests {
    private func lines(_ pieces: [[UInt8]]) -> [String] {
        var parser = OutputLines()
        var lines: [String] = []
        for piece in pieces { parser.append(piece[...]) { lines.append(String(decoding: $0, as: UTF8.self)) } }
        parser.flush { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    static let cases: [(String, [String])] = [
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb", ["a", "b"]),
        ("\n\n", ["", ""]),
        (" 10%\r 50%\r100%\ndone", ["100%", "done"]),
        ("abc\r", ["abc"]),
        ("abc\r\r\n", ["abc"]),
        ("x\u{1B}[1;31mred\u{1B}[0m\u{1B}[2J\u{1B}[?25l", ["xred"]),
        ("\u{1B}]0;title\u{07}a\u{1B}]8;;http://x\u{1B}\\b\u{1B}]8;;\u{1B}\\", ["ab"]),
        ("\u{1B}P1;2|x\u{1B}\\a\u{1B}_x\u{1B}\\\u{1B}^x\u{1B}\\\u{1B}Xx\u{1B}\\b", ["ab"]),
        ("\u{1B}(Ba\u{1B}7\u{1B}cb\u{1B}=\u{1B}%G", ["ab"]),
        ("\u{1B}[31\nafter", ["", "after"]),
        ("\u{1B}]0;never ended\nafter", ["", "after"]),
        ("a\u{07}\u{0B}\u{0C}\u{00}\u{7F}b", ["ab"]),
        ("spin |\u{08}/\u{08}-", ["spin -"]),
        ("é\u{08}e", ["e"]),
        ("a\tb", ["a\tb"]),
        ("\u{9B}31m\u{85}\u{90}x", ["31mx"]),
        ("rtl \u{202E}evil\u{2066}\u{2028}", ["rtl evil"]),
        ("日本語 🚀 é", ["日本語 🚀 é"]),
    ]

    // By number: a test's report would show the control characters to a terminal.
    @Test(arguments: cases.indices)
    func `bytes become safe lines, wherever they are cut`(index: Int) {
        let (text, expected) = OutputLinesTests.cases[index]
        let bytes = Array(text.utf8)
        #expect(lines([bytes]) == expected)
        #expect(lines(bytes.map { [$0] }) == expected)
        for cut in 0...bytes.count { #expect(lines([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected) }
    }

    @Test func `what is no UTF-8 is replaced`() {
        #expect(lines([[0x61, 0xFF, 0x62, 0xC3, 0x0A], [0x9B, 0x33]]) == ["a\u{FFFD}b\u{FFFD}", "\u{FFFD}3"])
    }

    @Test func `a long line is cut between characters and nothing of it is lost`() {
        let text = "a" + String(repeating: "語", count: 10_000)
        let pieces = lines([Array(text.utf8)])
        #expect(pieces.joined() == text)
        #expect(pieces.allSatisfy { $0.utf8.count <= OutputLines.longest })
    }

    @Test func `no control character is left of random bytes`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<500).map { _ in
                // Many of those that matter.
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator)
                    : Array("\u{1B}[]\\\u{9B}P\r\u{08}m".utf8).randomElement() ?? 0
            }
            for line in lines([bytes]) {
                #expect(
                    !line.unicodeScalars.contains {
                        ($0.value < 0x20 && $0 != "\t") || (0x7F...0x9F).contains($0.value)
                    })
            }
        }
    }

    @Test(arguments: [
        ("", 0), ("a", 0), ("é", 0), ("日", 0), ("🚀", 0),
    ])
    func `a whole character is not cut`(text: String, expected: Int) {
        #expect(UTF8Cut.incompleteSuffix(Array(text.utf8)[...]) == expected)
    }

    @Test func `a character that was cut is found`() {
        for text in ["é", "日", "🚀"] {
            let bytes = Array("a\(text)".utf8)
            for length in 2..<bytes.count {
                #expect(UTF8Cut.incompleteSuffix(bytes[..<length]) == length - 1)
            }
        }
        #expect(UTF8Cut.incompleteSuffix([0x80, 0x80, 0x80, 0x80]) == 0)
        #expect(UTF8Cut.incompleteSuffix([0xFF]) == 0)
    }

    @Test func `the tail is the same whether bytes come at once or one by one`() {
        let bytes = Array((0..<100).map { "line \($0)\r\n" }.joined().utf8) + Array("rest".utf8)
        var (whole, single) = (OutputTail(), OutputTail())
        whole.append(bytes, at: .zero)
        for byte in bytes { single.append([byte], at: .zero) }
        #expect(whole.last(6) == ["line 95", "line 96", "line 97", "line 98", "line 99", "rest"])
        #expect(single.last(100) == whole.last(100))
        #expect(whole.last(100).count == OutputTail.capacity + 1)
    }
}
