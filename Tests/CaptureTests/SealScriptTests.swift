import Capture
import ReplayTestSupport
import Testing

@Suite("The seal's script")
struct SealScriptTests {
    private let script = SealScript(
        nonce: "abc123", buildUser: "replay-build", publicKey: "ssh-ed25519 AAAAKEY replay-x",
        stateDirectory: "/var/lib/replay-it's")

    @Test("is a script that sh can read, whatever the words in it")
    func isReadable() async throws {
        for text in [script.text, script.launcher] {
            let result = try await CommandRun.run(["sh", "-n", "-c", text])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test("names the key by its base64 word, and keeps caches only when asked")
    func parameters() {
        #expect(script.text.contains("BUILD_KEY='AAAAKEY'"))
        #expect(script.text.contains(#"STATE_DIR='/var/lib/replay-it'\''s'"#))
        #expect(script.text.contains("KEEP_APT=0"))
        #expect(script.successLine == "replay-seal: sealed abc123")
    }
}
