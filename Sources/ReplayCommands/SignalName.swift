/// The signals that SSH can name (RFC 4254 section 6.10), with their Linux numbers (signal(7)).
enum SignalName {
    private static let numbers: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
        "SEGV": 11,
        "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20,
        "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29,
        "PWR": 30, "SYS": 31,
    ]

    /// The number of a signal, named without `SIG`.
    static func number(of name: String) -> Int32? { numbers[name] }

    /// The name of a signal, without `SIG`; its number as text when it has none here.
    static func name(of number: Int32) -> String {
        numbers.first { $0.value == number }?.key ?? String(number)
    }
}
