/// A terminal of the size of a test: what a user would see after some bytes. Only what the renderer may use; anything
/// else is noted as a violation.
struct TerminalEmulator {
    private(set) var columns: Int
    let rows: Int
    /// All lines since the beginning, each a list of cells. A wide character has an empty second cell.
    private(set) var lines: [[String]] = [[]]
    private var row = 0
    private var column = 0
    private(set) var cursorIsHidden = false
    private(set) var violations: [String] = []

    init(columns: Int = 60, rows: Int = 20) {
        self.columns = columns
        self.rows = rows
    }

    /// What is on the screen and above it, without trailing spaces.
    var text: String {
        lines.map { line in
            var text = line.joined()
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }

    mutating func write(_ text: String) {
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\n":
                row += 1
                column = 0
                if row == lines.count { lines.append([]) }
            case "\r": column = 0
            case "\u{1B}": control(&scalars)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                violations.append("U+\(String(scalar.value, radix: 16))")
            default: put(scalar)
            }
        }
    }

    private mutating func control(_ scalars: inout ArraySlice<Unicode.Scalar>) {
        guard scalars.popFirst() == "[" else { return violations.append("escape") }
        var parameter = ""
        while let scalar = scalars.popFirst() {
            guard (0x40...0x7E).contains(scalar.value) else {
                parameter.unicodeScalars.append(scalar)
                continue
            }
            switch (scalar, parameter) {
            case ("A", _): row = max(row - (Int(parameter) ?? 1), max(0, lines.count - rows))
            case ("J", ""):
                lines[row].removeLast(max(0, lines[row].count - column))
                lines.removeSubrange((row + 1)...)
            case ("m", _): break
            case ("l", "?25"): cursorIsHidden = true
            case ("h", "?25"): cursorIsHidden = false
            default: violations.append("CSI \(parameter)\(scalar)")
            }
            return
        }
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        let isWide = (0x4E00...0x9FFF).contains(scalar.value)
        if column + (isWide ? 2 : 1) > columns {
            violations.append("a line of more than \(columns) columns")
            row += 1
            column = 0
            if row == lines.count { lines.append([]) }
        }
        while lines[row].count < column + (isWide ? 2 : 1) { lines[row].append(" ") }
        lines[row][column] = String(Character(scalar))
        if isWide { lines[row][column + 1] = "" }
        column += isWide ? 2 : 1
    }

    /// Makes the window narrower: lines that do not fit are broken, as terminals do.
    mutating func narrow(to columns: Int) {
        var broken: [[String]] = []
        for (index, line) in lines.enumerated() {
            if index == row { row = broken.count }
            var rest = line[...]
            repeat {
                broken.append(Array(rest.prefix(columns)))
                rest = rest.dropFirst(columns)
            } while !rest.isEmpty
        }
        lines = broken
        self.columns = columns
    }
}
