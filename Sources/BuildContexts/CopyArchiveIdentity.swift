internal import Crypto
public import ReplayPlan

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension DirectoryContext {
    /// Names the archive of one COPY or ADD by all that its bytes are made of, before it is read: equal names, equal
    /// archives. Nil when the manifest lacks the digest of a file in it, and for what ADD
    /// fetched from the network.
    ///
    /// Modification times count, unlike in a step's digest, as the archive holds them.
    public func archiveIdentity(of action: CopyAction, manifest: ContextManifest) -> String? {
        var identity = CopyArchiveIdentity()
        for source in action.sources { guard identity.add(source, manifest) else { return nil } }
        return identity.text
    }
}

/// Hashes what makes an archive, each text with its length before it.
private struct CopyArchiveIdentity {
    private var hash = SHA256()

    init() { add("replay-archive-1") }

    var text: String { hash.finalize().text }

    private mutating func add(_ texts: String...) {
        for text in texts { hash.update(data: Array("\(text.utf8.count):\(text)".utf8)) }
    }

    mutating func add(_ source: CopySource, _ manifest: ContextManifest) -> Bool {
        switch source {
        // What was fetched is in a directory of its own, with numbers that the manifest of the context does not have.
        case .remote: return false
        case .inline(let file): add("inline", file.name, file.content)
        case .archive(let path):
            add("archive")
            return add(path, manifest)
        case .file(let path, let name):
            add("file", name)
            return add(path, manifest)
        case .directory(let path, let entries):
            add("directory", String(entries.count))
            guard add(path, manifest) else { return false }
            for entry in entries {
                add(entry)
                guard add(path.isEmpty ? entry : path + "/" + entry, manifest) else { return false }
            }
        }
        return true
    }

    private mutating func add(_ path: String, _ manifest: ContextManifest) -> Bool {
        guard let entry = manifest[path] else { return false }
        switch entry.kind {
        case .directory: add("d")
        case .symbolicLink(let target): add("l", target)
        case .file(let size):
            guard let digest = entry.digest else { return false }
            add("f", digest, String(size), entry.linkGroup.map { String($0) } ?? "-")
        case .special, .unnameable: return false
        }
        add("\(entry.mode)", "\(entry.modified)")
        return true
    }
}
