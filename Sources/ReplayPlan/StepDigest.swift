internal import Basemaps
internal import Crypto

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The digest of a step: what its result depends on, and nothing else.
///
/// The encoding is fixed; changing it invalidates every checkpoint, so its first field is a version. Every text is
/// written as its length in bytes in decimal digits, `:`, and the bytes; a number is written as the text of its decimal
/// digits; a list as the number of its elements and then the elements; an absent value as `-`. In order:
///
/// - `replay-step-1`, the digest of the step before (for the first step that of the base)
/// - `run`, arguments, environment (name, value …), working directory, user, scripts (name, content …)
/// - `copy`, destination, owner, mode, `accepts-unknown-owner` if it does, then for each source `file` (name, entry), `directory` (for it and for each of
///   its entries: relative path, entry), `inline` (name, content), `archive` (digest) or `remote` (a source in what was
///   fetched; from where does not count). An entry is its kind, its mode,
///   and its digest or link target; modification times and the places in the context do not count.
/// - `make-directory`, path, user
/// - `restart` if the machine restarts when the step is done
///
/// The base's digest is over `replay-base-1`, its row, distribution, release and architecture.
struct StepDigest {
    private var hash = SHA256()

    private mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        hash.update(data: Array("\(bytes.count):".utf8))
        hash.update(data: bytes)
    }

    private mutating func add(_ number: Int) { add(String(number)) }

    private mutating func add(_ text: String?) {
        if let text { add(text) } else { hash.update(data: [UInt8(ascii: "-")]) }
    }

    private mutating func add(_ list: [String]) {
        add(list.count)
        for text in list { add(text) }
    }

    private var text: String {
        hash.finalize().reduce(into: "sha256:") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }

    /// The digest that the first step goes on from.
    static func base(_ base: ResolvedBase) -> String {
        var digest = StepDigest()
        digest.add(["replay-base-1", base.row, base.distribution, base.release, base.architecture])
        return digest.text
    }

    /// The digest of a step that follows the one with the digest `parent`.
    static func step(
        _ action: StepAction, restarts: Bool = false, after parent: String, manifest: ContextManifest
    ) throws(PlanError) -> String {
        var digest = StepDigest()
        digest.add("replay-step-1")
        digest.add(parent)
        switch action {
        case .run(let run):
            digest.add("run")
            digest.add(run.arguments)
            digest.add(run.environment.flatMap { [$0.name, $0.value] })
            digest.add(run.workingDirectory)
            digest.add(run.user)
            digest.add(run.scripts.flatMap { [$0.name, $0.content] })
        case .copy(let copy):
            digest.add("copy")
            digest.add(copy.destination)
            digest.add(copy.owner)
            digest.add(copy.mode)
            if copy.acceptsUnknownOwner { digest.add("accepts-unknown-owner") }
            digest.add(copy.sources.count)
            for source in copy.sources { try digest.add(source, manifest: manifest) }
        case .makeDirectory(let directory):
            digest.add(["make-directory", directory.path, directory.user])
        }
        if restarts { digest.add("restart") }
        return digest.text
    }

    private mutating func add(_ source: CopySource, manifest: ContextManifest) throws(PlanError) {
        switch source {
        case .file(let path, let name):
            add("file")
            add(name)
            try add(manifest[path], path: path)
        case .directory(let path, let entries):
            add("directory")
            add(entries.count)
            try add(manifest[path], path: path)
            for entry in entries {
                add(entry)
                let place = GoPath.under(path, entry)
                try add(manifest[place], path: place)
            }
        case .inline(let file): add(["inline", file.name, file.content])
        case .remote(let origin, let source):
            add("remote")
            try add(source, manifest: manifest.fetched[origin] ?? ContextManifest())
        case .archive(let path):
            add("archive")
            try add(manifest[path], path: path)
        }
    }

    private mutating func add(_ entry: ContextEntry?, path: String) throws(PlanError) {
        guard let entry else {
            throw PlanError(.incompleteManifest, "\(path) is not in the manifest of the build context.")
        }
        switch entry.kind {
        case .directory: add("d")
        case .symbolicLink(let target): add(["l", target])
        case .file:
            guard let digest = entry.digest else {
                throw PlanError(.incompleteManifest, "The manifest of the build context lacks the digest of \(path).")
            }
            add(["f", digest])
        case .special, .unnameable: add("s")
        }
        add(Int(entry.mode))
    }
}
