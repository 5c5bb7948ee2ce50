/// Text for a POSIX shell.
public enum ShellText {
    /// One word, quoted so that the shell takes it as it is.
    public static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// Whether every POSIX shell can export a variable of this name without giving it a meaning of its own.
    ///
    /// The shells' own variables are read-only in some shell, or assigning to them does something (a locale that the
    /// machine lacks makes bash complain on the step's stderr).
    public static func isPlainVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        let isWord = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isWord && !name.hasPrefix("BASH") && !shellVariables.contains(name)
    }

    private static let shellVariables: Set<String> = [
        "_", "UID", "EUID", "PPID", "SHELLOPTS", "OPTIND", "OPTARG", "LINENO", "RANDOM", "SRANDOM", "SECONDS",
        "EPOCHSECONDS", "EPOCHREALTIME", "FUNCNAME", "GROUPS", "DIRSTACK", "HISTCMD", "PIPESTATUS", "POSIXLY_CORRECT",
        "PWD", "OLDPWD", "IFS", "SHLVL", "ENV", "CHILD_MAX", "COMP_WORDBREAKS", "LC_ALL", "LANG", "LC_CTYPE",
    ]
}
