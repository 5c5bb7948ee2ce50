/// How a guest is reached: who logs in, with which key, and which key the guest's SSH server shows.
///
/// All keys are made for one build or one boot. The guest's own key is chosen by us and pinned, so that there is never
/// a first connection on trust.
public struct GuestAccess: Sendable, Hashable {
    /// The name of the user that cloud-init makes for a build.
    public static let buildUser = "replay-build"
    /// The user number of ``buildUser``: in the range that neither systemd nor distributions hand out
    /// (60706–61183, <https://systemd.io/UIDS-GIDS/>), so that no package's user can collide with it.
    public static let buildUserIdentifier = 60706

    /// The user that logs in: ``buildUser``, or `root` for a boot of a template.
    public var user: String
    /// The guest's ed25519 host key, private, in OpenSSH's format. Secret.
    public var hostPrivateKey: String
    /// The guest's host key, public: `ssh-ed25519 AAAA…`.
    public var hostPublicKey: String
    /// The public keys that admit the user, one a line of `authorized_keys` each.
    public var userPublicKeys: [String]

    /// Makes a value.
    public init(
        user: String = GuestAccess.buildUser, hostPrivateKey: String, hostPublicKey: String, userPublicKeys: [String]
    ) {
        self.user = user
        self.hostPrivateKey = hostPrivateKey
        self.hostPublicKey = hostPublicKey
        self.userPublicKeys = userPublicKeys
    }
}
