import ArgumentParser
import FoundationEssentials
import ReplayEvents
import SystemCalls
import SystemPackage
import TerminalProgress

/// How progress is shown.
struct ScreenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How progress is shown on standard error: auto, tty, plain, json or quiet.", valueName: "mode"),
        transform: ScreenOptions.mode)
    var progress: ProgressMode?

    private static func mode(_ text: String) throws -> ProgressMode {
        guard let mode = ProgressMode(rawValue: text) else {
            throw ValidationError(
                "'\(text)' is not one of \(ProgressMode.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return mode
    }

    /// Opens the screen on standard error.
    func open(defaultMode: ProgressMode = .auto) -> ProgressRenderer {
        let environment = ProcessInfo.processInfo.environment
        let mode = (progress ?? defaultMode).resolved(
            isTerminal: TerminalWindow.isTerminal(.standardError), environment: environment)
        return ProgressRenderer(
            mode,
            surroundings: .init(
                color: ProgressMode.wantsColor(environment: environment), window: { TerminalWindow(of: .standardError) }
            )
        ) { StandardError.write($0) }
    }
}

extension ProgressRenderer {
    /// The function to hand events to.
    var events: EventHandler { { [self] in handle($0) } }
}
