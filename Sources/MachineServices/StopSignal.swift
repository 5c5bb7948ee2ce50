/// STOPSIGNAL in systemd's words: systemd.kill(5), signal(7).
enum StopSignal {
    /// The value of `KillSignal=` for what STOPSIGNAL says (`SIGQUIT`, `quit`, `3`, `RTMIN+3`); nil when Linux has no such
    /// signal, such as 99, which STOPSIGNAL may name.
    static func systemdName(_ text: String) -> String? {
        if let number = Int(text) { return (1...largest).contains(number) ? String(number) : nil }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        // Not all versions of systemd count down from RTMAX.
        if name == "RTMAX" { return String(largest) }
        if name.hasPrefix("RTMAX-"), let offset = Int(name.dropFirst(6)) { return String(largest - offset) }
        return "SIG" + (aliases[name] ?? name)
    }

    private static let largest = 64
    /// Names that Docker knows and systemd does not.
    private static let aliases = ["CLD": "CHLD", "IOT": "ABRT", "POLL": "IO"]
}
