internal import FoundationEssentials
internal import SystemCalls
public import SystemPackage

/// Content on the disk, by its digest. What is there was checked when it came; small documents are checked again.
public struct ContentCache: Sendable {
    private let directory: FilePath

    /// Makes a cache in this directory, which appears with its first content.
    public init(directory: FilePath) { self.directory = directory }

    /// Where content of this digest is, or will be.
    func path(_ digest: ContentDigest) -> FilePath {
        directory.appending(digest.algorithm).appending(digest.digits)
    }

    /// Makes the directory that content of this digest goes to.
    func prepare(for digest: ContentDigest) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory.appending(digest.algorithm).string, withIntermediateDirectories: true)
        } catch {
            throw RegistryError(.inputOutput, "The image cache \(directory) cannot be made.", cause: error)
        }
    }

    /// A small document; nil when it is not there, or no longer what it was.
    func document(_ digest: ContentDigest) -> [UInt8]? {
        guard let bytes = try? SmallFile.read(path(digest), limit: largestDocument + 1), digest.names(bytes) else {
            return nil
        }
        return bytes
    }

    /// Keeps a small document. Losing one costs a request, so a full disk is no error.
    func keep(_ bytes: [UInt8], as digest: ContentDigest) {
        guard (try? prepare(for: digest)) != nil else { return }
        // Its digest is checked when it is read: it need not survive a power failure whole.
        let temporary = FilePath("\(path(digest)).\(UInt64.random(in: 0...UInt64.max)).tmp")
        let (from, to) = (URL(filePath: temporary.string), path(digest).string)
        guard (try? Data(bytes).write(to: from)) != nil else { return }
        if (try? FileManager.default.moveItem(atPath: temporary.string, toPath: to)) == nil {
            try? FileManager.default.removeItem(atPath: temporary.string)
        }
    }
}
