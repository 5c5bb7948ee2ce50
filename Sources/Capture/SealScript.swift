/// The script that takes a build machine's identity and the build's traces away, and powers the machine off.
///
/// What it removes, and in which order, is in `seal.sh`.
public struct SealScript: Sendable {
    /// A word that no other build knows, in the two lines that the script may write to the console.
    public var nonce: String
    /// The name of the build user.
    public var buildUser: String
    /// The base64 word of the build user's public key.
    public var buildKey: String
    /// The supervisor's directory on the guest.
    public var stateDirectory: String
    /// Whether package lists and caches stay.
    public var keepsPackageCaches: Bool

    /// Makes a script for one machine.
    /// - Parameter publicKey: The build user's key in `authorized_keys` form: `ssh-ed25519 AAAA… comment`.
    public init(
        nonce: String, buildUser: String, publicKey: String, stateDirectory: String, keepsPackageCaches: Bool = false
    ) {
        self.nonce = nonce
        self.buildUser = buildUser
        self.buildKey = publicKey.split(separator: " ").dropFirst().first.map(String.init) ?? publicKey
        self.stateDirectory = stateDirectory
        self.keepsPackageCaches = keepsPackageCaches
    }

    /// What the script writes to the console when all of it has succeeded.
    public var successLine: String { "replay-seal: sealed \(nonce)" }
    /// What the line of a failure begins with; the name of the failed step follows.
    public var failurePrefix: String { "replay-seal: failed \(nonce) " }

    /// The whole script.
    public var text: String {
        """
        NONCE=\(quoted(nonce))
        BUILD_USER=\(quoted(buildUser))
        BUILD_KEY=\(quoted(buildKey))
        STATE_DIR=\(quoted(stateDirectory))
        SELF=\(Self.directory)
        KEEP_APT=\(keepsPackageCaches ? 1 : 0)

        \(String(decoding: PackageResources.seal_sh, as: UTF8.self))
        """
    }

    /// A script, run as root on the guest, that puts ``text`` into memory and starts it as a unit of the system manager:
    /// outside of the session that it will end.
    public var launcher: String {
        """
        set -eu
        umask 077
        rm -rf \(Self.directory)
        mkdir \(Self.directory)
        cat >\(Self.directory)/seal.sh <<'REPLAY-SEAL-END'
        \(text)
        REPLAY-SEAL-END
        exec systemd-run --quiet --collect --no-block --unit=replay-seal --property=KillMode=process \
        /bin/sh \(Self.directory)/seal.sh
        """
    }

    /// In memory, and not below the directories that the script cleans.
    private static let directory = "/run/replay-seal"

    private func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
