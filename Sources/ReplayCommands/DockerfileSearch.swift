import SystemCalls
import SystemPackage

/// Finds the Dockerfiles that words of a command line mean: files, directories, patterns.
struct DockerfileSearch {
    /// What was found, each once, in the order of the words; below a directory in the order of the names.
    private(set) var files: [FilePath] = []
    /// Words and directories that led nowhere, each with a sentence.
    private(set) var problems: [(path: String, message: String)] = []
    private var seen: Set<FilePath> = []
    /// How many files were found, those that had been found before included.
    private var foundCount = 0

    /// Looks for all words.
    init(_ words: [String]) {
        for word in words { look(for: word) }
    }

    private mutating func look(for word: String) {
        let path = FilePath(word)
        if (try? path.stat()) != nil {
            add(path, isNamed: true)
        } else if word.contains(where: { "*?[".contains($0) }) {
            let count = files.count
            for match in matches(of: word) { add(match, isNamed: true) }
            if files.count == count {
                problems.append((word, "nothing matches '\(word)', or no Dockerfile is below it"))
            }
        } else {
            problems.append((word, "there is no '\(word)'"))
        }
    }

    private mutating func add(_ path: FilePath, isNamed: Bool) {
        let type = try? path.stat().type
        if type == .directory {
            let count = foundCount
            walk(path)
            if isNamed, foundCount == count {
                problems.append((path.string, "there is no Dockerfile below '\(path)'"))
            }
        } else {
            foundCount += 1
            if seen.insert(path.lexicallyNormalized()).inserted { files.append(path) }
        }
    }

    /// Everything below a directory that is named as a Dockerfile. Hidden directories and links to directories are passed by.
    private mutating func walk(_ directory: FilePath) {
        let items: [DirectoryItem]
        do { items = try FileStatus.items(in: directory) } catch {
            problems.append((directory.string, "the directory '\(directory)' cannot be read: \(error)"))
            return
        }
        for item in items {
            guard let name = String(validating: item.name, as: UTF8.self) else { continue }
            let path = directory == "." ? FilePath(name) : directory.appending(name)
            switch item.status.kind {
            case .directory where !name.hasPrefix("."): walk(path)
            case .file where Self.isDockerfile(name): add(path, isNamed: false)
            case .symbolicLink where Self.isDockerfile(name):
                if (try? path.stat().type) == .regular { add(path, isNamed: false) }
            default: break
            }
        }
    }

    /// `Dockerfile`, `Dockerfile.NAME`, `NAME.Dockerfile`, and the same with `Containerfile`; not their ignore files.
    static func isDockerfile(_ name: String) -> Bool {
        let name = name.lowercased()
        if name.hasSuffix(".dockerignore") { return false }
        return ["dockerfile", "containerfile"].contains { kind in
            name == kind || name.hasPrefix(kind + ".") || name.hasSuffix("." + kind)
        }
    }

    // MARK: Patterns

    /// The paths that a pattern matches: `*`, `?` and `[…]` within a name, `**` for any directories.
    private func matches(of pattern: String) -> [FilePath] {
        let isAbsolute = pattern.hasPrefix("/")
        let parts = pattern.split(separator: "/").map(String.init)
        return matches(of: parts[...], below: isAbsolute ? "/" : ".")
    }

    private func matches(of parts: ArraySlice<String>, below directory: FilePath) -> [FilePath] {
        guard let part = parts.first else { return [directory] }
        let rest = parts.dropFirst()
        func inside(_ name: String) -> FilePath { directory == "." ? FilePath(name) : directory.appending(name) }
        guard part.contains(where: { "*?[".contains($0) }) else {
            let path = inside(part)
            return (try? path.stat()) == nil ? [] : matches(of: rest, below: path)
        }
        let items = (try? FileStatus.items(in: directory)) ?? []
        var found = part == "**" && !rest.isEmpty ? matches(of: rest, below: directory) : []
        for item in items {
            guard let name = String(validating: item.name, as: UTF8.self), !name.hasPrefix(".") else { continue }
            if part == "**" {
                if item.status.kind == .directory { found += matches(of: parts, below: inside(name)) }
                if rest.isEmpty, item.status.kind == .file { found.append(inside(name)) }
            } else if Self.matches(Array(name)[...], Array(part)[...]) {
                found += matches(of: rest, below: inside(name))
            }
        }
        return found
    }

    /// Whether a name matches a pattern: fnmatch(3), without classes of characters by name.
    static func matches(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        var name = name
        var pattern = pattern
        while let wanted = pattern.first {
            switch wanted {
            case "*":
                let rest = pattern.drop { $0 == "*" }
                if rest.isEmpty { return true }
                return name.indices.contains { matches(name[$0...], rest) }
            case "?": guard name.popFirst() != nil else { return false }
            case "[":
                guard let end = pattern.dropFirst(2).firstIndex(of: "]"), let character = name.popFirst() else {
                    return false
                }
                guard isMember(character, of: pattern[(pattern.startIndex + 1)..<end]) else { return false }
                pattern = pattern[end...]
            default: guard name.popFirst() == wanted else { return false }
            }
            pattern = pattern.dropFirst()
        }
        return name.isEmpty
    }

    private static func isMember(_ character: Character, of set: ArraySlice<Character>) -> Bool {
        let isNegated = set.first == "!" || set.first == "^"
        var rest = isNegated ? set.dropFirst() : set
        var isFound = false
        while let low = rest.popFirst() {
            if rest.first == "-", rest.count > 1 {
                let high = rest[rest.startIndex + 1]
                if low <= character, character <= high { isFound = true }
                rest = rest.dropFirst(2)
            } else if low == character {
                isFound = true
            }
        }
        return isFound != isNegated
    }
}
