internal import SystemCalls
public import SystemPackage

/// Holds the rules against a disk.
public struct Auditor: Sendable {
    private let reader: any DiskReader
    private let facts: AuditFacts
    private let rules: [AuditRule]

    /// Makes an auditor.
    public init(reader: any DiskReader, facts: AuditFacts, rules: [AuditRule] = AuditRules.all) {
        self.reader = reader
        self.facts = facts
        self.rules = rules
    }

    /// Audits.
    /// - Parameter bytes: The raw image, for the words that may be nowhere on it; nil where there is none to read.
    /// - Throws: ``AuditError`` when the disk cannot be read.
    public func audit(bytes: FilePath?) async throws -> AuditReport {
        let tree = try await reader.tree()
        let tables = try await reader.contents(of: ["/etc/passwd", "/etc/shadow"], in: tree)
        guard let passwd = tables["/etc/passwd"] else {
            throw AuditError(.unreadable, "The disk has no /etc/passwd.")
        }
        let users = UserTables(passwd: passwd, shadow: tables["/etc/shadow"] ?? [])
        let disk = Disk(tree: tree, users: users, facts: facts)
        let wanted = rules.flatMap { disk.filesToRead(for: $0.check) }
        let contents = try await reader.contents(of: Array(Set(wanted)).sorted(), in: tree)
        let residue = try bytes.map { try Residue(facts: facts, in: $0) }

        var report = AuditReport(method: reader.method, rules: 0, skipped: [], findings: [])
        for rule in rules {
            guard let places = disk.places(breaking: rule.check, contents: contents, residue: residue) else {
                report.skipped.append(rule.id)
                continue
            }
            report.rules += 1
            report.findings += places.map { place in
                AuditFinding(
                    rule: rule.id, what: rule.what, severity: rule.severity, path: place.path, detail: place.detail)
            }
        }
        return report
    }
}

/// Where a rule is broken.
struct Place {
    var path: String?
    var detail: String?
}

/// How often the words that only the build knows are among a disk's bytes.
struct Residue {
    let secrets: Int
    let hostKey: Int
    let buildKey: Int

    init(facts: AuditFacts, in image: FilePath) throws {
        let lists = [facts.secrets, facts.hostKeyLines, facts.buildKey.map { [$0] } ?? []]
        let words = lists.joined().map { Array($0.utf8) }.filter { !$0.isEmpty }
        let found: [Int]
        do {
            found = try ByteSearch.counts(of: words, in: image)
        } catch let error as Errno {
            throw AuditError(.unreadable, "The disk '\(image)' cannot be read.", cause: error)
        }
        let counts = Dictionary(zip(words, found)) { first, _ in first }
        let sums = lists.map { $0.reduce(0) { $0 + (counts[Array($1.utf8)] ?? 0) } }
        (secrets, hostKey, buildKey) = (sums[0], sums[1], sums[2])
    }
}
