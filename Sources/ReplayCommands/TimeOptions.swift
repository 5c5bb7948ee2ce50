import ArgumentParser
import DockerfileLanguage

/// How long things on the machine may take.
struct TimeOptions: ParsableArguments {
    @Option(
        name: .customLong("step-timeout"),
        help: ArgumentHelp(
            "How long each step may take (90s, 10m, 1h30m), unless '# replay: timeout=' above it says otherwise.",
            valueName: "duration"),
        transform: seconds)
    var step: Int?

    @Option(
        name: .customLong("reconnect-timeout"),
        help: ArgumentHelp(
            "How long a lost connection may stay away while the machine's steps go on.", valueName: "duration"),
        transform: seconds)
    var reconnect: Int = 300

    private static func seconds(_ text: String) throws -> Int {
        guard let seconds = TimeLimit.seconds(text) else {
            throw ValidationError("'\(text)' is no duration: write 90s, 10m or 1h30m.")
        }
        return seconds
    }
}
