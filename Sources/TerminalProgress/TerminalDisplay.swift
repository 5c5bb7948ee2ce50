import ReplayEvents
import SystemCalls

/// BuildKit's screen: a list of tasks below a header, drawn over itself.
///
/// ```
/// [+] Building 12.3s (5/9)
///  => CACHED [1/4] WORKDIR /srv                     0.0s
///  => [2/4] RUN apt-get update                      3.2s
///  => => # Get:1 http://deb.debian.org/debian bookworm InRelease
/// ```
///
/// The terminal's modes are not touched and the cursor is hidden only within a drawing: whenever the program ends, the
/// terminal is in order. The control sequences are those of ECMA-48 that all terminals have (CUU, ED, SGR) and DECTCEM.
struct TerminalDisplay: ProgressDisplay {
    /// The shortest time between two drawings.
    static let interval = Duration.milliseconds(100)

    private let color: Bool
    private let window: @Sendable () -> TerminalWindow?
    private var screen = TaskScreen()
    private var ending: [String] = []
    private var isPending = false
    private var lastDrawing: Duration?
    /// The lines of the last drawing above the cursor, and how wide they are.
    private var drawn = (lines: 0, columns: 0)

    init(color: Bool, window: @escaping @Sendable () -> TerminalWindow?) {
        self.color = color
        self.window = window
    }

    mutating func handle(_ event: ReplayEvent, at elapsed: Duration, into output: inout [UInt8]) {
        switch event {
        case .warning(let text): aside("WARNING: \(text)", .yellow, at: elapsed, &output)
        case .notice(let text): aside(text, .plain, at: elapsed, &output)
        case .buildFinished(let template, let identifier): ending.append("Built \(template) (\(identifier))")
        case .buildFailed(let message): ending.append("ERROR: \(message)")
        default:
            screen.update(event, at: elapsed)
            isPending = true
            refresh(at: elapsed, into: &output)
        }
    }

    mutating func refresh(at elapsed: Duration, into output: inout [UInt8]) {
        guard isPending || screen.isRunning else { return }
        if let lastDrawing, elapsed - lastDrawing < TerminalDisplay.interval { return }
        draw(at: elapsed, &output)
    }

    mutating func finish(at elapsed: Duration, into output: inout [UInt8]) {
        let columns = columnsAndRows().columns
        if !screen.isEmpty {
            write(screen.lines(at: elapsed, columns: columns, rows: nil), columns: columns, &output)
        }
        output.write(screen.failures)
        for text in ending { output.write(OutputLines.lines(of: text).joined(separator: "\n") + "\n") }
    }

    private func columnsAndRows() -> (columns: Int, rows: Int) {
        let window = window() ?? TerminalWindow(columns: 80, rows: 24)
        return (max(window.columns, 1), max(window.rows, 1))
    }

    private mutating func draw(at elapsed: Duration, _ output: inout [UInt8]) {
        let (columns, rows) = columnsAndRows()
        write(screen.lines(at: elapsed, columns: columns, rows: rows), columns: columns, &output)
        lastDrawing = elapsed
        isPending = false
    }

    private mutating func write(_ lines: [ScreenLine], columns: Int, _ output: inout [UInt8]) {
        output.write("\u{1B}[?25l")
        let wasResized = home(columns: columns, &output)
        // Every line fills its row, so nothing of the last drawing is left beside it.
        for line in lines { output.write(styled(line.text, line.style) + "\n") }
        if lines.count < drawn.lines, !wasResized { output.write("\u{1B}[J") }
        output.write("\u{1B}[?25h")
        drawn = (lines.count, columns)
    }

    /// Moves to the beginning of the last drawing. After the window became narrower its lines were broken into several
    /// (as all terminals do that keep what does not fit): then everything is erased.
    private func home(columns: Int, _ output: inout [UInt8]) -> Bool {
        let rows = drawn.lines * max(1, (drawn.columns + columns - 1) / columns)
        output.write("\r")
        if rows > 0 { output.write("\u{1B}[\(rows)A") }
        guard columns < drawn.columns else { return false }
        output.write("\u{1B}[J")
        return true
    }

    /// A text that stays, above the list.
    private mutating func aside(
        _ text: String, _ style: ScreenLine.Style, at elapsed: Duration, _ output: inout [UInt8]
    ) {
        if drawn.lines > 0 {
            _ = home(columns: columnsAndRows().columns, &output)
            output.write("\u{1B}[J")
            drawn = (0, 0)
        }
        for line in OutputLines.lines(of: text) { output.write(styled(line, style) + "\n") }
        if !screen.isEmpty { draw(at: elapsed, &output) }
    }

    private func styled(_ text: String, _ style: ScreenLine.Style) -> String {
        guard color, let code = style.code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

/// One line of the screen.
struct ScreenLine: Sendable, Hashable {
    /// How it looks, in the colours that BuildKit chose.
    enum Style: Sendable, Hashable {
        case plain, blue, red, yellow, faint

        /// The parameter of SGR (ECMA-48, 8.3.117).
        var code: String? {
            switch self {
            case .plain: nil
            case .blue: "34"
            case .red: "31"
            case .yellow: "33"
            case .faint: "2"
            }
        }
    }

    var text: String
    var style: Style
}
