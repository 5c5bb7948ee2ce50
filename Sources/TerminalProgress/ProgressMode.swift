/// How events are shown: the values of `--progress`.
public enum ProgressMode: String, Sendable, Hashable, CaseIterable {
    /// ``tty`` on a terminal that can move its cursor, ``plain`` elsewhere.
    case auto
    /// The screen that users of `docker build` know, drawn anew up to ten times a second.
    case tty
    /// Lines, each with its task's number: for logs.
    case plain
    /// One JSON object a line: for programs. The format is described at ``ProgressRenderer``.
    case json
    /// Nothing but errors.
    case quiet

    /// The mode that ``auto`` stands for; the others stand for themselves. A terminal whose `TERM` is missing or `dumb`
    /// cannot move its cursor (terminfo(5)).
    public func resolved(isTerminal: Bool, environment: [String: String]) -> ProgressMode {
        guard self == .auto else { return self }
        let terminal = environment["TERM"] ?? "dumb"
        return isTerminal && terminal != "dumb" && !terminal.isEmpty ? .tty : .plain
    }

    /// Whether colours are wanted: `NO_COLOR` is not set to anything (no-color.org).
    public static func wantsColor(environment: [String: String]) -> Bool { (environment["NO_COLOR"] ?? "").isEmpty }
}
