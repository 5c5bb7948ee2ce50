import ArgumentParser
import SystemCalls
import SystemPackage

/// What happens to the machine of a build that failed.
enum ErrorPolicy: String, ExpressibleByArgument, CaseIterable {
    /// It is destroyed.
    case cleanup
    /// It stays, with a way to log in.
    case keep
    /// A shell opens on it where the step failed; then the user says whether it stays.
    case shell

    /// Refuses a shell for which there is no terminal.
    func validate() throws {
        guard self == .shell, !TerminalWindow.isTerminal(.standardInput) else { return }
        throw ValidationError("--on-error shell needs a terminal as standard input; --on-error keep does not.")
    }
}
