import TerminalProgress
import Testing

@Suite struct ProgressModeTests {
    @Test(arguments: [
        (ProgressMode.auto, true, ["TERM": "xterm"], ProgressMode.tty), (.auto, true, ["TERM": "dumb"], .plain),
        (.auto, true, [:], .plain), (.auto, false, ["TERM": "xterm"], .plain), (.tty, false, [:], .tty),
        (.json, true, ["TERM": "xterm"], .json), (.quiet, true, ["TERM": "xterm"], .quiet),
    ])
    func `auto is the screen on a terminal that can show it`(
        mode: ProgressMode, isTerminal: Bool, environment: [String: String], expected: ProgressMode
    ) {
        #expect(mode.resolved(isTerminal: isTerminal, environment: environment) == expected)
    }

    @Test(arguments: [([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false)])
    func `NO_COLOR is respected`(environment: [String: String], expected: Bool) {
        #expect(ProgressMode.wantsColor(environment: environment) == expected)
    }
}
