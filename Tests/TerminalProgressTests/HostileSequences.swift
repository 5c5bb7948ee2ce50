import ReplayTestSupport

/// What a guest could write to take over the terminal in front of which a build runs.
enum HostileSequences {
    private static let escape = "\u{1B}"

    /// Functions of terminals that read their arguments up to a final character: ECMA-48, and xterm's "Control Sequences".
    private static let control = [
        "2J", "3J", "H", "99;99H", "99A", "99B", "99C", "99D", "2;5r", "s", "u", "?1049h", "?47h", "?25l", "?7l", "?6h",
        "4h",
        "20h", "2h", "?5h", "?3h", "?1000h", "?1003h", "?1006h", "?2004h", "?2026h", "?1h", "6n", "5n", "c", ">c", "=c",
        "?6n",
        "?25$p", "21t", "14t", "8;5;5t", "3;0;0t", "2t", "8m", "31;5m", "38;2;1;2;3m", "99999999b", "999999P",
        "999999@", "99L",
        "99M", "99S", "99T", "1\"q", "!p", "?2;3J", ">4;2m", "0;1;2#{", "1$r", "?1;2S", "0c\u{7}", "2 q", "99 @",
        "1;1;9;9$x",
    ]

    /// Strings that go to the terminal and not to its screen: titles, clipboard, files, keys, answers.
    private static let strings = [
        "]0;title", "]1;icon", "]2;title", "]4;1;?", "]10;?", "]11;?", "]52;c;ZXZpbA==", "]52;c;?", "]7;file://host/",
        "]8;;http://evil.example/", "]9;note", "]50;font", "]104", "]133;A", "]777;notify;a;b",
        "]1337;File=name=eA==:AAAA",
        "]1337;SetMark", "]P0000000", "P$qm", "P+q544e", "Pq#0;2;0;0;0~-", "Ptmux;\u{1B}\u{1B}]0;x\u{7}",
        "P1;1|17/6c73",
        "_Ga=T,f=100;AAAA", "^private", "Xsos",
    ]

    /// Single functions: reset, alignment test, scrolling, character sets, keypad, locking shifts.
    private static let single = [
        "c", "7", "8", "D", "E", "H", "M", "N", "O", "Z", "=", ">", "#8", "#3", "#6", "(0", ")0", "*0", "+0", "(A",
        "%G", "%@", "n",
        "o", "|", "}", "~", " F", " G", "l", "m", "6", "9", "V", "W",
    ]

    /// Each with a name for messages.
    static let all: [(name: String, bytes: [UInt8])] = {
        var rows: [(String, [UInt8])] = []
        func add(_ name: String, _ text: String) { rows.append((name, Array(text.utf8))) }
        for text in control {
            add("CSI \(text)", "\(escape)[\(text)")
            add("C1 CSI \(text)", "\u{9B}\(text)")
            rows.append(("raw C1 CSI \(text)", [0x9B] + Array(text.utf8)))
        }
        for text in strings {
            for (end, name) in [
                ("\u{7}", "BEL"), ("\(escape)\\", "ST"), ("\u{9C}", "C1 ST"), ("", "nothing"), ("\u{18}", "CAN"),
            ] {
                add("\(text) ended by \(name)", "\(escape)\(text)\(end)")
            }
        }
        for text in single { add("ESC \(text)", "\(escape)\(text)") }
        for byte in UInt8(0)...31 where byte != 10 { rows.append(("byte \(byte)", [byte])) }
        for byte in UInt8(0x7F)...0x9F {
            rows.append(("byte \(byte)", [byte]))
            rows.append(("U+00\(String(byte, radix: 16))", [0xC2, byte]))
        }
        add("next line, line and paragraph separators", "\u{85}\u{2028}\u{2029}")
        add(
            "bidirectional overrides",
            "\u{202A}\u{202B}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}\u{200E}\u{200F}")
        add("tags and joiners", "\u{E0001}\u{E0041}\u{200D}\u{FEFF}\u{FE0F}")
        rows.append(("overlong escape", [0xC0, 0x9B, 0x5B, 0x32, 0x4A]))
        rows.append(("longer overlong escape", [0xE0, 0x80, 0x9B, 0x5B, 0x32, 0x4A]))
        rows.append(("surrogates", [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80]))
        rows.append(("cut characters", [0xE2, 0x82, 0x1B, 0x5B, 0x32, 0x4A, 0xF0, 0x9F]))
        add("a long parameter", "\(escape)[" + String(repeating: "1", count: 20_000) + "J")
        add("a long string", "\(escape)]0;" + String(repeating: "x", count: 20_000) + "\u{7}")
        add("a sequence in a sequence", "\(escape)[\(escape)[\(escape)]\(escape)[2J\(escape)\\\(escape)c")
        add(
            "a sequence that a line's cut goes through",
            String(repeating: "y", count: 8190) + "\(escape)[2J\(escape)]0;t\u{7}")
        add("a sequence over two lines", "\(escape)[\n2J\(escape)]0;title\nmore\u{7}")
        add("backspaces beyond the line", String(repeating: "\u{8}", count: 500) + "\u{8}\u{8}x")
        add("an overwritten line", "secret\r\(escape)[Kharmless\r\(escape)[A\(escape)[2K")
        return rows
    }()

    /// Random bytes, half of which mean something to a terminal.
    static func random(_ count: Int, using numbers: inout SeededNumbers) -> [[UInt8]] {
        let special = Array("\u{1B}\u{1B}\u{1B}[[]]PX^_\\\u{7}\u{8}\r\n;?0123456789hlmJHKrctq\u{9B}\u{9C}\u{90}".utf8)
        return (0..<count).map { _ in
            (0..<Int.random(in: 1...60, using: &numbers)).map { _ in
                Bool.random(using: &numbers)
                    ? special[Int.random(in: special.indices, using: &numbers)]
                    : UInt8.random(in: 0...255, using: &numbers)
            }
        }
    }
}
