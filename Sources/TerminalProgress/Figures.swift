/// Numbers as the screen shows them. Without Foundation: a program that prints one line should not load it.
enum Figures {
    /// `3.2s`.
    static func seconds(_ duration: Duration) -> String { "\(fixed(milliseconds(duration), digits: 1))s" }

    /// `3.217`.
    static func milliseconds3(_ duration: Duration) -> String { fixed(milliseconds(duration), digits: 3) }

    /// `512B`, `12.6kB`, `3.1MB`: decimal, as Docker shows sizes.
    static func bytes(_ count: Int64) -> String {
        guard count >= 1000 else { return "\(count)B" }
        var value = count
        for unit in ["kB", "MB", "GB", "TB", "PB"] {
            // Thousandths of the unit; what would round to 1000.0 belongs to the next one.
            if value < 999_950 { return "\(fixed(value, digits: 1))\(unit)" }
            value /= 1000
        }
        return "\(fixed(value, digits: 1))EB"
    }

    /// `12.6MB / 45.1MB`, `3 / 7`, `12.6MB`.
    static func amount(_ completed: Int64, of total: Int64?, isBytes: Bool) -> String {
        let text: (Int64) -> String = { isBytes ? bytes($0) : "\($0)" }
        return text(completed) + (total.map { " / " + text($0) } ?? "")
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// A number of thousandths, not negative, rounded half up to so many digits.
    private static func fixed(_ thousandths: Int64, digits: Int) -> String {
        let step: Int64 = digits == 3 ? 1 : digits == 2 ? 10 : 100
        let rounded = (max(0, thousandths) + step / 2) / step
        let base = 1000 / step
        let fraction = String(rounded % base)
        return "\(rounded / base).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}
