/// The signals that STOPSIGNAL may name on Linux.
enum StopSignal {
    /// Whether a text is a signal: a number but 0, or a name with or without `SIG`, in any case.
    static func isValid(_ text: String) -> Bool {
        if let number = Int(text) { return number != 0 }
        let name = text.uppercased()
        return names.contains(name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name)
    }

    private static let names: Set<String> = {
        var names: Set = [
            "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
            "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
            "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
        ]
        for number in 1...15 { names.insert("RTMIN+\(number)") }
        for number in 1...14 { names.insert("RTMAX-\(number)") }
        return names
    }()
}
