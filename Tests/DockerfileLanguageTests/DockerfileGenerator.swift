/// Makes Dockerfiles, most of them valid, that use all of the grammar: the same ones for the same seed.
struct DockerfileGenerator {
    private var random: SeededGenerator
    private var escape = "\\"

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The next Dockerfile.
    mutating func dockerfile() -> String {
        escape = "\\"
        var lines: [String] = []
        if chance(8) {
            escape = pick(["`", "\\"])
            lines.append("# escape=\(escape)")
        }
        if chance(12) { lines.append(pick(["# syntax=docker/dockerfile:1", "#syntax = x/y", "# check=skip=all"])) }
        if chance(6) { lines.append("ARG \(pick(["V", "V=1", "V=$W", "A=1 B=2"]))") }
        lines.append("FROM \(pick(["a", "debian:12", "--platform=linux/arm64 a", "a AS b", "${V}", "scratch as x"]))")
        for _ in 0..<Int.random(in: 1...8, using: &random) { lines += instruction() }
        let end = pick(["\n", "\r\n", "\n", "\n"])
        return lines.joined(separator: end) + (chance(6) ? "" : end)
    }

    /// A word as it may stand in an instruction that expands its words.
    mutating func word() -> String {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in piece(depth: 0) }.joined()
    }

    private mutating func piece(depth: Int) -> String {
        let name = pick(["A", "B", "EMPTY", "U", "PATH_1", "é"])
        let operand = depth > 2 ? pick(["x", "*", "?b", ""]) : (chance(3) ? "" : piece(depth: depth + 1))
        switch Int.random(in: 0..<16, using: &random) {
        case 0: return "$\(name)"
        case 1: return "${\(name)}"
        case 2: return "${\(name):-\(operand)}"
        case 3: return "${\(name)-\(operand)}"
        case 4: return "${\(name):+\(operand)}"
        case 5: return "${\(name)+\(operand)}"
        case 6: return "${\(name):?\(operand)}"
        case 7: return "${\(name)\(pick(["#", "##", "%", "%%"]))\(pick(["a*", "*b", "?", "x", "*"]))}"
        case 8: return "${\(name)\(pick(["/", "//"]))\(pick(["a", "?", "b*", "\\*"]))/\(pick(["", "z", "$B"]))}"
        case 9: return "\"\(pick(["a b", "$A", "\\\"", "\\$A", "x\\y"]))\""
        case 10: return "'\(pick(["a b", "$A", "\\"]))'"
        case 11: return pick(["\\$A", "\\\\", "\\x", "`$A", "\\"])
        case 12: return pick(["$", "${", "${A", "$1", "$@", "${A@Q}", "$(x)", "\"", "'"])
        default: return pick(["abc", "a/b", "-", "=", "ü", "a.b", "%", "#"])
        }
    }

    private mutating func instruction() -> [String] {
        if chance(10) { return [pick(["# comment", "  # indented", "#", "", "\t"])] }
        var text = pick(["RUN", "run", "CMD", "ENTRYPOINT", "COPY", "ADD", "ENV", "LABEL", "ARG", "USER", "WORKDIR"])
        if chance(3) {
            text = pick(["EXPOSE", "VOLUME", "STOPSIGNAL", "SHELL", "HEALTHCHECK", "MAINTAINER", "ONBUILD"])
        }
        if text == "ONBUILD" {
            let trigger = pick(["RUN x", "COPY a b", "ENV a=b", "RUN [\"a\", \"b\"]", "CMD x  y", "RUN --mount=x y"])
            return ["\(pick(["ONBUILD", "onbuild", "OnBuild"])) \(trigger)"]
        }
        if ["RUN", "run", "COPY", "ADD"].contains(text), chance(4) { return heredoc(text) }
        return continued("\(text)\(pick([" ", "  ", "\t"]))\(arguments(of: text.uppercased()))")
    }

    private mutating func arguments(of keyword: String) -> String {
        switch keyword {
        case "RUN":
            return flag(["--mount=type=cache,target=/x", "--network=none", "--mount='a b'", "--"]) + command()
        case "CMD", "ENTRYPOINT", "SHELL": return command()
        case "COPY", "ADD":
            let paths = pick(["a b", "a b c/", "[\"a b\", \"c\"]", "a* /x", "\"a b\" c", "[ \"x\" , \"y\" ]"])
            return flag(["--from=x", "--chown=1:2", "--chown=\"a b\"", "--link", "--exclude=*.md"]) + paths
        case "ENV", "LABEL":
            return pick([
                "a=b", "a=b c=d", "a=\"b c\" d='e f'", "a b  c", "a=b\(escape) c", "a=", "a=$A", "a='x\"y'",
                "a.b=\"\(escape)\"\"",
                "a=b c",
            ])
        case "ARG": return pick(["A", "A=b", "A=\"b c\"", "A=b C", "A=", "A='x y' B"])
        case "HEALTHCHECK":
            return pick(["NONE", "CMD x  y", "--interval=5s CMD [\"a\"]", "CMD [ \"a\" ,\"b\"]", "none"])
        case "EXPOSE": return pick(["80", "80/tcp 443", "$P", "\"80\" 81"])
        case "VOLUME": return pick(["/a", "/a /b", "[\"/a\", \"/b c\"]", "[]", "[\"a\"] b"])
        default: return pick(["x", "x  y", "\"a b\"", "/a/b", "$A", "1:2"])
        }
    }

    private mutating func command() -> String {
        pick([
            "echo  a  'b c'", "[\"a\", \"b\"]", "[ \"a\\n\", \"ü\" ]", "['a']", "[\"a\",]", "[\"a\"] x", "[]", "[1]",
            "x # y", "a && b", "echo \"$A\" ${B:-c}", "echo \(escape)\(escape)", "x <<<y", "$((1<<2))",
            "[\"a\\u0041\"]",
        ])
    }

    private mutating func flag(_ flags: [String]) -> String {
        chance(2) ? "" : pick(flags) + " " + (chance(4) ? pick(flags) + " " : "")
    }

    private mutating func heredoc(_ keyword: String) -> [String] {
        let name = pick(["EOF", "E", "'EOF'", "\"E F\"", "E.txt"])
        let bare = name.filter { $0 != "'" && $0 != "\"" }
        let strips = chance(3)
        let opening = (chance(5) ? "3" : "") + (strips ? "<<-" : "<<") + name
        let target = keyword.uppercased() == "RUN" ? pick(["", " cat"]) : " /x"
        let line =
            keyword.uppercased() == "RUN" && chance(2) ? "\(keyword) cat \(opening)" : "\(keyword) \(opening)\(target)"
        var body = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            pick(["text", "# no comment", "", "\tindented", "a \(escape)", "$A ${B}", "RUN x", bare + " "])
        }
        if !chance(25) { body.append((strips && chance(2) ? "\t" : "") + bare) }
        return continued(line) + body
    }

    /// Breaks a line at some blanks, perhaps with comments and blank lines in between.
    private mutating func continued(_ line: String) -> [String] {
        guard chance(4) else { return [line] }
        var lines: [String] = []
        var current = ""
        for (index, word) in line.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            current += (index == 0 ? "" : " ") + word
            guard index > 0, chance(3) else { continue }
            lines.append(current + escape + pick(["", " ", "\t"]))
            current = pick(["", "  "])
            if chance(4) { lines.append(pick(["# comment \(escape)", "  # indented", ""])) }
        }
        return lines + [current]
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
}
