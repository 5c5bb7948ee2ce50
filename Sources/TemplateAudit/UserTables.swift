/// The tables of users of a disk: passwd(5) and shadow(5).
struct UserTables {
    struct User {
        var name: String
        var number: String
        var home: String
    }

    var users: [User]
    var passwords: [(name: String, hash: String)]

    init(passwd: [UInt8], shadow: [UInt8]) {
        users = Self.lines(passwd).filter { $0.count >= 7 }.map { User(name: $0[0], number: $0[2], home: $0[5]) }
        passwords = Self.lines(shadow).filter { $0.count >= 2 }.map { ($0[0], $0[1]) }
    }

    /// The homes that may be a person's or a service's own: not the system's directories that some users stand in.
    var homes: [String] {
        let system = ["/bin", "/sbin", "/dev", "/proc", "/sys", "/run", "/usr", "/nonexistent", "/etc"]
        let homes = users.map(\.home).filter { home in
            home.hasPrefix("/") && home != "/" && !system.contains { home == $0 || home.hasPrefix($0 + "/") }
        }
        return Array(Set(homes)).sorted()
    }

    /// The names that break the rule.
    func names(breaking check: AuditRule.UserCheck, buildUser: String) -> [String] {
        switch check {
        case .oneRoot: users.filter { Int($0.number) == 0 && $0.name != "root" }.map(\.name)
        case .uniqueNames:
            users.map(\.name).filter { name in users.count { $0.name == name } > 1 }.first.map { [$0] } ?? []
        case .matchingTables:
            Array(Set(users.map(\.name)).symmetricDifference(passwords.map(\.name))).sorted()
        case .noEmptyPasswords: passwords.filter { $0.hash.isEmpty }.map(\.name)
        // `!` before a hash locks it, `*` is none.
        case .noPasswords:
            passwords.filter { !$0.hash.isEmpty && !$0.hash.hasPrefix("!") && !$0.hash.hasPrefix("*") }.map(\.name)
        case .noBuildUser: users.map(\.name).filter { $0 == buildUser }
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [[String]] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
