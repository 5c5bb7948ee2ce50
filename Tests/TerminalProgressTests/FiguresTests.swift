import ReplayEvents
import Testing

@testable import TerminalProgress

@Suite struct FiguresTests {
    @Test(
        arguments: [
            (0, "0B"), (999, "999B"), (1000, "1.0kB"), (12_580, "12.6kB"), (999_949, "999.9kB"), (999_950, "1.0MB"),
            (45_100_000, "45.1MB"), (3_000_000_000, "3.0GB"), (Int64.max, "9.2EB"),
        ] as [(Int64, String)])
    func `sizes are decimal`(count: Int64, expected: String) {
        #expect(Figures.bytes(count) == expected)
    }

    @Test(arguments: [(0, "0.0s", "0.000"), (49, "0.0s", "0.049"), (50, "0.1s", "0.050"), (83_217, "83.2s", "83.217")])
    func `times are in seconds`(milliseconds: Int, short: String, long: String) {
        #expect(Figures.seconds(.milliseconds(milliseconds)) == short)
        #expect(Figures.milliseconds3(.milliseconds(milliseconds)) == long)
    }

    @Test(arguments: [
        ("abc", 5, "abc  "), ("abcdef", 5, "abcd…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"), ("日本語", 4, "日… "),
        ("e\u{301}x", 2, "e\u{301}x"), ("a\tb", 10, "a       b "), ("", 2, "  "), ("abc", 1, "…"), ("日", 1, "…"),
        ("abc", 0, ""), ("🚀🚀", 3, "🚀…"), ("👨‍👩‍👧", 8, "👨‍👩‍👧  "),
    ])
    func `text is cut or filled to so many cells`(text: String, cells: Int, expected: String) {
        #expect(Cells.fit(text, to: cells) == expected)
        #expect(Cells.width(Cells.fit(text, to: cells)) == cells)
    }

    @Test func `the rate is that of the last seconds`() {
        var meter = ProgressMeter()
        meter.update(completed: 0, total: 100_000_000, unit: .bytes, at: .zero)
        #expect(meter.rate(at: .zero) == nil)
        for second in 1...10 {
            meter.update(completed: Int64(second) * 1_000_000, total: 100_000_000, unit: .bytes, at: .seconds(second))
        }
        #expect(meter.rate(at: .seconds(10)) == "1.0MB/s")
        for second in 11...20 {
            meter.update(
                completed: 10_000_000 + Int64(second - 10) * 5_000_000, total: 100_000_000, unit: .bytes,
                at: .seconds(second))
        }
        #expect(meter.rate(at: .seconds(20)) == "5.0MB/s")
        #expect(meter.bar(cells: 12) == "[======>   ]")
        meter.update(completed: 100_000_000, total: 100_000_000, unit: .bytes, at: .seconds(21))
        #expect(meter.bar(cells: 12) == "[==========]")
        #expect(meter.isComplete)
    }
}
