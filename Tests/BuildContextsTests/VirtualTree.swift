import Archives
import BuildContexts
import ReplayPlan

/// A file system in memory on which copies are carried out by BuildKit's rules: what the machine does, for tests.
struct VirtualTree {
    struct Node {
        enum Kind { case file([UInt8]), directory, link(String), hardLink(String) }
        var kind: Kind
        var mode: UInt16
        var owner = "0:0"
        var modified: Int64 = 0

        var isDirectory: Bool { if case .directory = kind { true } else { false } }
    }

    struct Failure: Error { var message: String }
    typealias Member = (entry: TarEntry, content: [UInt8])

    /// By absolute path; the root is not in it.
    private(set) var nodes: [String: Node] = [:]

    /// Makes a directory and those above it; existing ones stay as they are.
    mutating func makeDirectory(_ path: String, mode: UInt16 = 0o755, owner: String = "0:0") throws {
        var place = ""
        for part in path.split(separator: "/") {
            place = try resolve(place + "/" + part)
            guard let node = nodes[place] else {
                nodes[place] = Node(kind: .directory, mode: mode, owner: owner)
                continue
            }
            guard node.isDirectory else { throw Failure(message: "\(place) is no directory") }
        }
    }

    /// Carries out a COPY or ADD whose files came in an archive.
    mutating func copy(_ action: CopyAction, _ members: [Member]) throws {
        let owner = action.owner.map { $0.contains(":") ? $0 : "\($0):\($0)" }
        let octal = action.mode.flatMap { UInt16($0, radix: 8) }
        if !action.sources.isEmpty {
            try makeDirectory(parent(of: action.destination), mode: octal ?? 0o755, owner: owner ?? "0:0")
        }
        for (index, source) in action.sources.enumerated() {
            let own = members.filter { $0.entry.path.split(separator: "/").first == "\(index)" }
            let destination = try resolve(clean(action.destination))
            switch source {
            case .file, .inline:
                guard let member = own.first, let name = member.entry.path.split(separator: "/").last else {
                    throw Failure(message: "the archive has no file \(index)")
                }
                let isDirectory = nodes[destination]?.isDirectory ?? destination.isEmpty
                let target = isDirectory ? destination + "/" + name : destination
                try put(member, at: target, owner: owner, mode: action.mode, prefix: "")
            case .remote: throw Failure(message: "nothing is fetched in these cases")
            case .directory, .archive:
                var isArchive = false
                if case .archive = source { isArchive = true }
                try makeDirectory(destination, mode: isArchive ? 0o755 : octal ?? 0o755, owner: owner ?? "0:0")
                for member in own.dropFirst() {
                    let relative = member.entry.path.split(separator: "/").dropFirst().joined(separator: "/")
                    let target = destination + "/" + relative
                    if isArchive { try makeDirectory(parent(of: target)) }
                    try put(
                        member, at: target, owner: isArchive ? owner ?? Self.owner(member.entry) : owner,
                        mode: isArchive ? nil : action.mode, prefix: destination)
                }
            }
        }
    }

    private static func owner(_ entry: TarEntry) -> String { "\(entry.userID):\(entry.groupID)" }

    private mutating func put(
        _ member: Member, at target: String, owner: String?, mode: String?, prefix: String
    ) throws {
        var node = Node(
            kind: .directory, mode: member.entry.mode, owner: owner ?? "0:0", modified: member.entry.modified)
        switch member.entry.kind {
        case .directory:
            if let old = nodes[target], !old.isDirectory { throw Failure(message: "\(target) is no directory") }
        case .file: node.kind = .file(member.content)
        case .symbolicLink(let text): node.kind = .link(text)
        case .hardLink(let text):
            node.kind = .hardLink(prefix + "/" + text.split(separator: "/").dropFirst().joined(separator: "/"))
        case .special: throw Failure(message: "\(target) is special")
        }
        if !node.isDirectory, nodes[target]?.isDirectory == true {
            throw Failure(message: "\(target) is a directory")
        }
        if case .link = node.kind {} else if let mode { node.mode = Self.apply(mode, to: node) }
        nodes[target] = node
    }

    /// Octal modes, and of the symbolic ones those that the cases have.
    private static func apply(_ text: String, to node: Node) -> UInt16 {
        if let octal = UInt16(text, radix: 8) { return octal }
        let execute: UInt16 = node.isDirectory || node.mode & 0o111 != 0 ? 0o111 : 0
        precondition(text == "u=rwX,go=rX", "no other symbolic mode is in the cases")
        return 0o644 | execute
    }

    /// The directory that a destination is in, or that it is when it ends in a slash.
    private func parent(of path: String) -> String {
        if path.hasSuffix("/") || path.hasSuffix("/.") { return clean(path) }
        return clean(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    }

    private func clean(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.map { "/" + $0 }.joined()
    }

    /// A path with its links followed, the last one too, within this tree.
    private func resolve(_ path: String) throws -> String {
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var found: [String] = []
        var count = 0
        while let name = rest.popLast() {
            if name == ".." {
                _ = found.popLast()
                continue
            }
            if name == "." { continue }
            found.append(name)
            guard case .link(let target) = nodes["/" + found.joined(separator: "/")]?.kind else { continue }
            count += 1
            guard count < 100 else { throw Failure(message: "links in circles") }
            found.removeLast()
            if target.hasPrefix("/") { found = [] }
            rest += target.split(separator: "/").map(String.init).reversed()
        }
        return found.map { "/" + $0 }.joined()
    }
}
