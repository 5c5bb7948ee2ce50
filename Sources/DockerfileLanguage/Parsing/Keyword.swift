/// The names of the instructions.
enum Keyword: String, CaseIterable, Sendable {
    case add, arg, cmd, copy, entrypoint, env, expose, from, healthcheck, label, maintainer, onbuild, run, shell
    case stopsignal, user, volume, workdir

    /// The instruction that a word names, in any case.
    init?(_ name: String) {
        guard name.utf8.count <= 11 else { return nil }
        self.init(rawValue: name.lowercased())
    }

    /// The name in upper case, as messages write it.
    var name: String { rawValue.asciiUppercased }
}
