/// One thing that must be true of a template's disk.
public struct AuditRule: Sendable {
    /// What a broken rule means.
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The disk does not become a template.
        case refuse
        /// It is told; the disk becomes a template.
        case report
    }

    /// Its name, for good.
    public var id: String
    /// What must be true, as a sentence.
    public var what: String
    /// What happens when it is not.
    public var severity: Severity
    /// How it is looked at.
    var check: Check

    /// The kinds of looking. Patterns are those of ``DiskTree/paths(matching:)``; `{home}` stands for the home directory of
    /// each user, `{state}` for the supervisor's directory, `{user}` for the build user's name.
    enum Check: Sendable {
        /// Nothing matches.
        case absent([String])
        /// No file with content matches; directories and empty files may.
        case noContent([String])
        /// As ``noContent(_:)``, unless package caches were kept on purpose.
        case noCaches([String])
        /// The file is there, and empty.
        case emptyFile(String)
        /// Something matches.
        case present(String)
        /// Nothing is there, or a link that leads to this target.
        case linkOrAbsent(String, target: String)
        /// No matching file holds the word.
        case lacks(Word, in: [String])
        /// No matching file has one of these permission bits.
        case permissions(UInt32, [String])
        /// No file at all belongs to the build user's number.
        case ownerless
        /// The table of users, or that of passwords, is as it must be.
        case users(UserCheck)
        /// The enabled units are those of the build's end and the seal's own.
        case enabledUnits
        /// The word is nowhere among the disk's bytes, free space included.
        case residue(Word)
    }

    /// Words to look for; those that only the build knows come from its ``AuditFacts``.
    enum Word: Sendable {
        case text(String)
        case buildUser
        case buildKey
        case hostKey
        case secrets
    }

    /// What to look for in `/etc/passwd` and `/etc/shadow`.
    enum UserCheck: Sendable {
        /// Only root has the number 0.
        case oneRoot
        /// No name stands there twice.
        case uniqueNames
        /// Each line of passwd has its line in shadow, and the other way round.
        case matchingTables
        /// Nobody may log in without a password.
        case noEmptyPasswords
        /// Nobody may log in with a password.
        case noPasswords
        /// The build user is not there.
        case noBuildUser
    }

    init(_ id: String, _ what: String, _ check: Check, severity: Severity = .refuse) {
        self.id = id
        self.what = what
        self.severity = severity
        self.check = check
    }
}

/// What the one who asks knows of a template's making.
public struct AuditFacts: Sendable {
    /// The name of the build user.
    public var buildUser: String
    /// Its number.
    public var buildUserIdentifier: UInt32
    /// The supervisor's directory on the guest; nil when the build is not known.
    public var stateDirectory: String?
    /// The base64 word of the build user's public key; nil when it is not known.
    public var buildKey: String?
    /// The base64 lines of the injected host key, private; empty when they are not known. Never shown.
    public var hostKeyLines: [String] = []
    /// The values that nobody may find on the disk. Never shown.
    public var secrets: [String] = []
    /// The units that were enabled at the build's end; nil when that is not known.
    public var enabledUnits: [String]?
    /// Whether package lists and caches were kept on purpose.
    public var keepsPackageCaches = false
    /// Whether the seal ran: not on the disk of an imported template.
    public var wasSealed = true

    /// Makes facts; the rest is set by name.
    public init(buildUser: String, buildUserIdentifier: Int) {
        self.buildUser = buildUser
        self.buildUserIdentifier = UInt32(buildUserIdentifier)
    }
}
