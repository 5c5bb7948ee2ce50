internal import FoundationEssentials
internal import ReplayPlan

/// The process that a container of the image would be: ENTRYPOINT and CMD, and whether a machine can run it as a service.
struct ServiceCommand: Sendable, Hashable {
    /// Why there is no service, as a sentence for the user; nil where nobody expects one.
    struct Obstacle: Error, Hashable {
        var sentence: String?
    }

    /// The exact argument vector.
    let arguments: [String]
    /// The programs that it is about, as written: the entrypoint's, and the command's that an entrypoint script is given.
    /// Interpreters and wrappers are not among them.
    let programs: [String]

    /// Decides.
    /// - Throws: ``Obstacle``.
    init(_ config: ImageConfig) throws(Obstacle) {
        let entrypoint = config.entrypoint ?? []
        let command = config.command ?? []
        arguments = entrypoint + command
        guard !arguments.isEmpty else { throw Obstacle(sentence: nil) }
        // An entrypoint script is mostly given the command to become: a bare shell is one there too.
        for (keyword, vector) in [("ENTRYPOINT", command.isEmpty ? entrypoint : []), ("CMD", command)] {
            guard let program = Self.bareInterpreter(in: vector) else { continue }
            throw Obstacle(
                sentence: "\(keyword) is only \(program), which waits for a terminal: no service is made of it")
        }
        programs = [entrypoint, command].compactMap { Self.mainWord(of: $0) }
            .filter { !Self.isInterpreter(Self.name(of: $0)) }
        for program in programs where Self.machinePrograms.contains(Self.name(of: program)) {
            throw Obstacle(
                sentence: "the machine runs its own \(Self.name(of: program)): no service is made of ENTRYPOINT and CMD"
            )
        }
    }

    /// The last part of a program's path.
    static func name(of program: String) -> String { program.split(separator: "/").last.map(String.init) ?? program }

    /// The program's name when a vector is a shell or an interpreter without anything to run: it would read commands
    /// from a terminal, which a service does not have.
    private static func bareInterpreter(in vector: [String]) -> String? {
        guard let words = inner(vector), let program = words.first.map(name(of:)), isInterpreter(program) else {
            return nil
        }
        let runsSomething = words.dropFirst().contains { word in
            // A word that is no option is a script; -cTEXT, -mMODULE and -eTEXT hold what is run.
            !word.hasPrefix("-") || word.count > 2 && ["-c", "-m", "-e"].contains { word.hasPrefix($0) }
        }
        return runsSomething ? nil : program
    }

    /// The first word of a vector, or of the text that it has a shell run, behind programs that run others; nil when the
    /// vector begins with options for an entrypoint.
    private static func mainWord(of vector: [String]) -> String? {
        guard var words = inner(vector)?[...], let first = words.first, !first.hasPrefix("-") else { return nil }
        while let word = words.first, wrappers.contains(name(of: word)) {
            words = words.dropFirst().drop { $0.hasPrefix("-") || $0.contains("=") }
        }
        return words.first
    }

    /// The words that matter: those of the vector, or of the text in `sh -c TEXT`; nil when that is more than one
    /// simple command.
    private static func inner(_ vector: [String]) -> [String]? {
        guard vector.count >= 3, vector[1].hasPrefix("-"), vector[1].hasSuffix("c"), isInterpreter(name(of: vector[0]))
        else { return vector }
        let text = vector[2]
        guard !text.contains(where: { "|&;<>()$`\"'\\*?[#~%\n".contains($0) }) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        return words.first == "exec" ? Array(words.dropFirst()) : words.isEmpty ? [vector[0]] : words
    }

    /// Whether a name, its version left off, is that of a shell or an interpreter.
    private static func isInterpreter(_ name: String) -> Bool {
        let plain = name.prefix { !$0.isNumber && $0 != "-" }
        return interpreters.contains(String(plain)) || interpreters.contains(name)
    }

    private static let interpreters: Set = [
        "sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "csh", "tcsh", "busybox", "python", "pypy", "node", "nodejs",
        "deno", "bun", "ruby", "irb", "perl", "php", "lua", "luajit", "R", "julia", "ghci", "jshell", "erl", "iex",
        "groovy",
        "scala", "guile", "tclsh", "pwsh",
    ]

    /// Programs that run the program in their arguments.
    private static let wrappers: Set = [
        "exec", "env", "tini", "tini-static", "dumb-init", "catatonit", "nice", "stdbuf",
    ]

    /// What a machine has of its own, and must not be given twice.
    private static let machinePrograms: Set = ["systemd", "init", "sshd"]
}
