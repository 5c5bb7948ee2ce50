import ArgumentParser
import DockerfileLanguage

/// How long things may take.
struct TimeLimits: ParsableArguments {
    @Option(
        name: .customLong("step-timeout"),
        help: ArgumentHelp(
            "How long a step may run (90s, 10m, 1h30m); '# replay: timeout=DURATION' above an instruction goes before it.",
            valueName: "duration"),
        transform: TimeLimits.seconds)
    var step: Int?

    @Option(
        name: .customLong("reconnect-timeout"),
        help: ArgumentHelp(
            "How long a lost connection may stay away; a machine that restarts has --boot-timeout, if that is longer.",
            valueName: "duration"),
        transform: TimeLimits.seconds)
    var reconnect: Int = 300

    private static func seconds(_ text: String) throws -> Int {
        guard let seconds = InstructionSyntax.seconds(text) else {
            throw ValidationError("'\(text)' is not a duration of at least 1 second: write 90s, 10m or 1h30m.")
        }
        return seconds
    }
}
